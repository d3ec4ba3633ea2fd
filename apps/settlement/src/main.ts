import 'reflect-metadata';
import { financePart } from '@tongbao/finance';
import { reconciliationPart } from '@tongbao/reconciliation';
import { openSandboxBank } from '@tongbao/sandbox';
import { runProcess, startDistributed } from '@tongbao/service';
import { fileBankSettingsOf, settlementService } from '@tongbao/settlement';

runProcess('Tongbao settlement', async (config, logger, onFatal) => {
  const sandbox = config.bank === 'sandbox' ? openSandboxBank(config) : undefined;
  const services = [settlementService(config, sandbox ?? fileBankSettingsOf(config), [financePart(config), reconciliationPart(config)])];
  const started = await startDistributed({ title: 'Tongbao settlement', config, logger, onFatal, services });
  return {
    ...started,
    stop: async () => {
      await started.stop();
      sandbox?.close();
    },
  };
});
