import 'reflect-metadata';
import { paymentService } from '@tongbao/payment';
import { closeSandbox, openSandbox, SandboxModule } from '@tongbao/sandbox';
import { requireSettings, runProcess, startDistributed } from '@tongbao/service';

runProcess('Tongbao payment', async (config, logger, onFatal) => {
  requireSettings(config, { sandboxSecret: 'SANDBOX_SECRET', publicUrl: 'TONGBAO_PUBLIC_URL' });
  const sandbox = openSandbox(config, () => config.publicUrl, logger);
  const services = [paymentService([...sandbox.providers.values()])];
  const modules = [SandboxModule.register(sandbox)];
  const started = await startDistributed({ title: 'Tongbao payment', config, logger, onFatal, services, modules });
  return {
    ...started,
    stop: async () => {
      await started.stop();
      closeSandbox(sandbox);
    },
  };
});
