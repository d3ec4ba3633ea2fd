import 'reflect-metadata';
import { ledgerService } from '@tongbao/ledger';
import { requireSettings, runProcess, startDistributed } from '@tongbao/service';

runProcess('Tongbao ledger', async (config, logger, onFatal) => {
  requireSettings(config, { logSigningKey: 'LOG_SIGNING_KEY', logCommitmentKey: 'LOG_COMMITMENT_KEY' });
  return startDistributed({ title: 'Tongbao ledger', config, logger, onFatal, services: [ledgerService(config)] });
});
