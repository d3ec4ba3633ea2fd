import 'reflect-metadata';
import { openSandboxBank } from '@tongbao/sandbox';
import { runProcess, startDistributed } from '@tongbao/service';
import { settlementService } from '@tongbao/settlement';

runProcess('Tongbao settlement', async (config, logger, onFatal) => {
  const bank = openSandboxBank(config);
  const services = [settlementService(config, bank)];
  const started = await startDistributed({ title: 'Tongbao settlement', config, logger, onFatal, services });
  return {
    ...started,
    stop: async () => {
      await started.stop();
      bank.close();
    },
  };
});
