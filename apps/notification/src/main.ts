import 'reflect-metadata';
import { notificationService } from '@tongbao/notification';
import { requireSettings, runProcess, startDistributed } from '@tongbao/service';

runProcess('Tongbao notification', async (config, logger, onFatal) => {
  requireSettings(config, { webhookSecretKey: 'WEBHOOK_SECRET_KEY' });
  return startDistributed({ title: 'Tongbao notification', config, logger, onFatal, services: [notificationService()] });
});
