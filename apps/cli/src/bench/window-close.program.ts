import { join } from 'node:path';
import { startEventStoreWorker } from '@tongbao/event-store-server';
import { ledgerService } from '@tongbao/ledger';
import { fillSecrets, runProcess, ServiceProcess } from '@tongbao/service';
import { settlementService, type Bank } from '@tongbao/settlement';

/** Takes everything, and never says a word about it: no payout comes to its end. */
const silentBank: Bank = {
  name: 'sandbox',
  instruct: () => Promise.resolve('accepted'),
  status: () => Promise.resolve('unknown'),
  statement: () => Promise.resolve([]),
};

/*
 * A hub of the services that take part in a closing, the ledger and settlement, as they are in the whole one: the others would take minutes to read a million
 * payments. Its event store is in a thread of its own, its read models are in another one.
 */
runProcess('Tongbao', async (config, logger, onFatal) => {
  fillSecrets(config);
  const worker = await startEventStoreWorker({
    dataDir: join(config.dataDir, 'events'),
    host: '127.0.0.1',
    port: config.eventStorePort,
    onFatal,
  });
  const eventStoreUrl = worker.connectionString;
  const services = [ledgerService(config), settlementService(config, silentBank)];
  const process = await ServiceProcess.start({ title: 'Tongbao', config, logger, eventStoreUrl, shared: false, services, onFatal });
  const stop = async () => {
    await process.stop();
    await worker.close();
  };
  return { url: process.url, eventStoreUrl, stop };
});
