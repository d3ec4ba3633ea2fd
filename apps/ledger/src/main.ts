import 'reflect-metadata';
import { ledgerService } from '@tongbao/ledger';
import { runProcess, startDistributed } from '@tongbao/service';

runProcess('Tongbao ledger', (config, logger, onFatal) =>
  startDistributed({ title: 'Tongbao ledger', config, logger, onFatal, services: [ledgerService()] }),
);
