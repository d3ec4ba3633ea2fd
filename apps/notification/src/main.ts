import 'reflect-metadata';
import { notificationService } from '@tongbao/notification';
import { runProcess, startDistributed } from '@tongbao/service';

runProcess('Tongbao notification', (config, logger, onFatal) =>
  startDistributed({ title: 'Tongbao notification', config, logger, onFatal, services: [notificationService()] }),
);
