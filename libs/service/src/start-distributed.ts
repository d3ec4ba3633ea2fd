import { requireSettings, type Started } from './run-process.js';
import { ServiceProcess, type ServiceProcessOptions } from './service-process.js';

/**
 * Starts a process of the distributed hub: one service, of which there may be several processes.
 * @throws ConfigError where it is not told where Kafka, the event store, PostgreSQL and its operators are
 */
export async function startDistributed(options: Omit<ServiceProcessOptions, 'eventStoreUrl' | 'shared'>): Promise<Started> {
  const { config } = options;
  requireSettings(config, {
    kafkaBrokers: 'KAFKA_BROKERS',
    eventStoreUrl: 'EVENT_STORE_URL',
    databaseUrl: 'DATABASE_URL',
    operators: 'OPERATORS',
    webhookSecretKey: 'WEBHOOK_SECRET_KEY',
  });
  const { eventStoreUrl } = config;
  const process = await ServiceProcess.start({ ...options, eventStoreUrl, shared: true });
  return { url: process.url, eventStoreUrl, stop: () => process.stop() };
}
