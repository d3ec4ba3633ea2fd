import { ConfigError, type HubConfig } from './config.js';
import { requireSettings, type Started } from './run-process.js';
import { ServiceProcess, type ServiceProcessOptions } from './service-process.js';

/**
 * Starts a process of the distributed hub: one service, of which there may be several processes.
 * @throws ConfigError where it is not told where Kafka, the event store, PostgreSQL and its operators are, or how the others reach it
 */
export async function startDistributed(options: Omit<ServiceProcessOptions, 'eventStoreUrl' | 'shared'>): Promise<Started> {
  const { config } = options;
  requireSettings(config, {
    kafkaBrokers: 'KAFKA_BROKERS',
    eventStoreUrl: 'EVENT_STORE_URL',
    databaseUrl: 'DATABASE_URL',
    operators: 'OPERATORS',
  });
  requireOwnAddress(config);
  const { eventStoreUrl } = config;
  const process = await ServiceProcess.start({ ...options, eventStoreUrl, shared: true });
  return { url: process.url, eventStoreUrl, stop: () => process.stop() };
}

/** All addresses of a machine (0.0.0.0, ::) are for listening: under them, whoever asks reaches itself. */
const everyAddress = /^\[?[0:.]+\]?$/;

/**
 * A standby passes requests on to the process that leads, under the address that this one advertises. Which of several addresses that would be,
 * nobody can guess: a container is on several networks, and not on each of them with the others.
 * @throws ConfigError
 */
export function requireOwnAddress({ host, advertisedUrl }: Pick<HubConfig, 'host' | 'advertisedUrl'>): void {
  const advertised = advertisedUrl === '' ? host : new URL(advertisedUrl).hostname;
  if (!everyAddress.test(advertised)) return;
  const given = advertisedUrl === '' ? `it must be set where TONGBAO_HOST is ${host}` : `${advertisedUrl} leads whoever asks to itself`;
  throw new ConfigError(
    `The configuration is wrong.\nADVERTISED_URL: ${given}; give the address by which the other processes of this service reach this one, such as http://10.0.0.7:8080`,
  );
}
