import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from '@tongbao/local-services';
import { fillSecrets, loadConfig, operatorsOf, serviceNames } from '@tongbao/service';

/** Ports of a cluster's programs, the same after every restart on its folder. */
export type Ports = Record<string, number>;

/** Names of the processes: `payment-1`, `payment-2`, `ledger-1`, … */
export const processNames = (replicas: number): string[] =>
  serviceNames.flatMap((service) => Array.from({ length: replicas }, (_, index) => `${service}-${index + 1}`));

/** The service that a process belongs to. */
export const serviceOf = (processName: string): string => processName.slice(0, processName.lastIndexOf('-'));

/** Remembers a port for each name; makes those that are missing. */
export async function portsOf(dataDir: string, names: readonly string[]): Promise<Ports> {
  const path = join(dataDir, 'ports.json');
  // The file is our own.
  const known: Ports = existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as Ports) : {};
  for (const name of names) known[name] ??= await freePort();
  mkdirSync(dataDir, { recursive: true });
  writeFileSync(`${path}.new`, JSON.stringify(known, null, 2));
  renameSync(`${path}.new`, path);
  return known;
}

/** What a service's processes on this machine are given of the data folder: secrets and operators, made at the first start. */
export function secretsOf(service: string, dataDir: string, env: Readonly<Record<string, string>> = {}): Record<string, string> {
  // The log's key has the name of the log.
  const { LOG_ORIGIN } = env;
  const config = loadConfig({ TONGBAO_DATA: dataDir, ...(LOG_ORIGIN !== undefined && { LOG_ORIGIN }) });
  fillSecrets(config);
  return {
    OPERATORS: JSON.stringify(operatorsOf(config)),
    SANDBOX_SECRET: config.sandboxSecret,
    COMMAND_DECRYPTION_KEY: config.commandDecryptionKey,
    SANDBOX_DATA: dataDir,
    ...(service === 'notification' && { WEBHOOK_SECRET_KEY: config.webhookSecretKey }),
    ...(service === 'ledger' && { LOG_SIGNING_KEY: config.logSigningKey, LOG_COMMITMENT_KEY: config.logCommitmentKey }),
  };
}
