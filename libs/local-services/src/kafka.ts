import { randomBytes } from 'node:crypto';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { jvmOptions } from './java.js';
import { setKafkaUser, type KafkaAdministration } from './kafka.access.js';
import { brokerProperties, propertiesFile } from './kafka.properties.js';
import {
  brokerName,
  checkSasl,
  clientProperties,
  saslProperties,
  scramCredential,
  type KafkaAccount,
  type KafkaSasl,
} from './kafka.sasl.js';
import { answers, freePort } from './ports.js';
import { runProgram } from './program.js';
import { onFolder, type LocalService, type Remembered, type ServiceFolder } from './service-folder.js';

/** How a broker is started. */
export interface KafkaOptions {
  /** A folder for this broker alone. */
  readonly dataDir: string;
  /** When not given: the one of the last start on this folder, at first any free one. */
  readonly port?: number;
  /** Default 512. */
  readonly maxHeapMb?: number;
}

/** A running broker. */
export type KafkaService = LocalService & {
  /** For KAFKA_BROKERS: `127.0.0.1:<port>`. */
  readonly brokers: string;
};

/** A broker that knows its clients. */
export type KafkaWithAccounts = KafkaService & KafkaAdministration;

interface KafkaState extends Remembered {
  readonly controllerPort: number;
  readonly clusterId: string;
  readonly accounts?: { readonly broker: KafkaAccount; readonly users: readonly string[] };
}

const kind = { service: 'kafka', stopSignal: 'SIGTERM', stopTimeoutMs: 30_000 } as const;

/**
 * One Kafka broker (KRaft, its own controller) on 127.0.0.1; topics are never made by themselves. With `sasl` every client has to name its account, on
 * each of its ports. `ensureTools(['kafka'])` comes first.
 * @throws FolderInUse, StartFailed, ProgramFailed; Error when the folder was made with accounts and none are given, or the other way round
 */
export function startKafka(options: KafkaOptions & { readonly sasl: KafkaSasl }): Promise<KafkaWithAccounts>;
export function startKafka(options: KafkaOptions & { readonly sasl?: undefined }): Promise<KafkaService>;
export function startKafka(options: KafkaOptions & { readonly sasl?: KafkaSasl }): Promise<KafkaService> {
  const { dataDir, sasl, maxHeapMb = 512 } = options;
  if (sasl) checkSasl(sasl);
  return onFolder<KafkaState, KafkaService>(dataDir, kind, async (folder) => {
    const state = await stateOf(folder, options);
    const config = join(folder.path, 'server.properties');
    writeConfig(config, folder.dataPath, state, sasl);
    await folder.prepare((fresh) => format(folder, fresh, state, sasl));
    const heap = [`-Xms${Math.min(128, maxHeapMb)}m`, `-Xmx${maxHeapMb}m`];
    const args = [...heap, ...jvmOptions('kafka'), 'kafka.Kafka', config];
    const broker = await folder.start({ command: 'java', args }, [state.port, state.controllerPort]);
    const brokers = `127.0.0.1:${state.port}`;
    const admin = sasl && administration(folder, state, brokers);
    await broker.ready(async () => {
      // An open port may be somebody else's broker: only our own writes the line.
      if (!broker.log().includes('Kafka Server started') || !(await speaksKafka(state.port))) return false;
      folder.remember(sasl && admin ? await addUsers(admin, state, sasl) : state);
      return true;
    });
    return { ...folder.serve(broker, state.port), brokers, ...admin };
  });
}

async function stateOf(
  folder: ServiceFolder<KafkaState>,
  { port, sasl }: KafkaOptions & { readonly sasl?: KafkaSasl },
): Promise<KafkaState> {
  const known = folder.remembered();
  if (known) {
    if ((known.accounts === undefined) !== (sasl === undefined))
      throw new Error(
        `${folder.path} was made ${known.accounts ? 'with' : 'without'} accounts and cannot be started ${sasl ? 'with' : 'without'} them`,
      );
    return { ...known, port: port ?? known.port };
  }
  const broker = { username: brokerName, password: randomBytes(18).toString('base64url') };
  return {
    port: port ?? (await freePort()),
    controllerPort: await freePort(),
    clusterId: randomBytes(16).toString('base64url'),
    ...(sasl && { accounts: { broker, users: Object.keys(sasl.users) } }),
  };
}

function writeConfig(path: string, dataPath: string, state: KafkaState, sasl: KafkaSasl | undefined): void {
  const accounts = sasl && state.accounts ? saslProperties(sasl, state.accounts.broker) : {};
  writeFileSync(path, propertiesFile({ ...brokerProperties(dataPath, state), ...accounts }), { mode: 0o600 });
}

async function format(folder: ServiceFolder<KafkaState>, fresh: string, state: KafkaState, sasl: KafkaSasl | undefined): Promise<void> {
  // Remembered before the data folder gets its name: the cluster's id and the broker's password stand in both.
  folder.remember(state);
  const config = join(folder.path, 'format.properties');
  writeConfig(config, fresh, state, sasl);
  const users = Object.entries(sasl?.users ?? {}).map(([username, password]) => ({ username, password }));
  const accounts = state.accounts ? [state.accounts.broker, ...users] : [];
  // With '=': a random id may begin with '-'.
  const args = ['format', '--standalone', `--cluster-id=${state.clusterId}`, '--config', config];
  const credentials = accounts.flatMap((each) => ['--add-scram', scramCredential(each)]);
  await runProgram("formatting Kafka's data folder", 'java', [...jvmOptions('kafka'), 'kafka.tools.StorageTool', ...args, ...credentials]);
  rmSync(config);
}

/** How the administration reaches the broker: with the broker's own account, in a file that Kafka's tools read. */
function administration(folder: ServiceFolder<KafkaState>, { accounts }: KafkaState, brokers: string): KafkaAdministration | undefined {
  if (!accounts) return undefined;
  const adminConfig = join(folder.path, 'admin.properties');
  writeFileSync(adminConfig, propertiesFile(clientProperties(accounts.broker)), { mode: 0o600 });
  return { brokers, adminConfig };
}

/** Those that were not there when the folder was made. */
async function addUsers(admin: KafkaAdministration, state: KafkaState, { users }: KafkaSasl): Promise<KafkaState> {
  if (!state.accounts) return state;
  const { broker, users: known } = state.accounts;
  const added = Object.entries(users).filter(([name]) => !known.includes(name));
  for (const [username, password] of added) await setKafkaUser(admin, { username, password });
  return { ...state, accounts: { broker, users: [...known, ...added.map(([name]) => name)] } };
}

/**
 * ApiVersions, version 0, which a broker answers before authentication too. Request: size int32, api key int16 (18), api version int16, correlation id
 * int32, client id nullable string (int16 length, -1 = none); reply: size int32, correlation id int32, … (Kafka protocol guide).
 */
const speaksKafka = (port: number): Promise<boolean> =>
  answers(port, Buffer.from([0, 0, 0, 10, 0, 18, 0, 0, 0, 0, 0, 7, 0xff, 0xff]), (reply) =>
    reply.length < 8 ? undefined : reply.readInt32BE(4) === 7,
  );
