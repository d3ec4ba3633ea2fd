import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { startEventStoreWorker, type EventStoreWorker } from '@tongbao/event-store-server';
import { financePart } from '@tongbao/finance';
import { ledgerService } from '@tongbao/ledger';
import { notificationService } from '@tongbao/notification';
import { paymentService } from '@tongbao/payment';
import { reconciliationPart } from '@tongbao/reconciliation';
import { closeSandbox, openSandbox, SandboxModule, type Sandbox } from '@tongbao/sandbox';
import { fillSecrets, ServiceProcess, type HubConfig } from '@tongbao/service';
import { fileBankSettingsOf, settlementService } from '@tongbao/settlement';
import type { Logger } from 'pino';

/** The whole hub in one process: four services, the embedded event store in a thread, PGlite in a thread. */
export class Hub {
  private constructor(
    readonly process: ServiceProcess,
    readonly eventStoreUrl: string,
    private readonly worker: EventStoreWorker | undefined,
    private readonly sandbox: Sandbox,
  ) {}

  get url(): string {
    return this.process.url;
  }

  /** @param onFatal something the hub cannot go on without has died: the process must end */
  static async start(config: HubConfig, logger: Logger, onFatal: (error: unknown) => void): Promise<Hub> {
    const fileBank = config.bank === 'file' ? fileBankSettingsOf(config) : undefined;
    mkdirSync(config.dataDir, { recursive: true });
    fillSecrets(config);
    const worker = config.eventStoreUrl
      ? undefined
      : await startEventStoreWorker({ dataDir: join(config.dataDir, 'events'), host: '127.0.0.1', port: config.eventStorePort, onFatal });
    const eventStoreUrl = config.eventStoreUrl || worker?.connectionString || '';
    const listening: { url?: string } = {};
    const sandbox = openSandbox(config, () => listening.url, logger);
    const process = await ServiceProcess.start({
      title: 'Tongbao',
      config,
      logger,
      eventStoreUrl,
      // An event store of its own is nobody else's.
      shared: worker === undefined,
      services: [
        paymentService([...sandbox.providers.values()]),
        ledgerService(config),
        settlementService(config, fileBank ?? sandbox.bank, [financePart(config), reconciliationPart(config)]),
        notificationService(),
      ],
      modules: [SandboxModule.register(sandbox)],
      onFatal,
    });
    listening.url = process.url;
    return new Hub(process, eventStoreUrl, worker, sandbox);
  }

  async stop(): Promise<void> {
    await this.process.stop();
    await this.worker?.close();
    closeSandbox(this.sandbox);
  }
}
