import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { jvmOptions } from './java.js';

/** Kafka's own command-line tools; without the `kafka-` and `.sh` of their names. */
export type KafkaToolName = keyof typeof mainClasses;

const mainClasses = {
  topics: 'org.apache.kafka.tools.TopicCommand',
  'consumer-groups': 'org.apache.kafka.tools.consumer.group.ConsumerGroupCommand',
  acls: 'org.apache.kafka.tools.AclCommand',
  configs: 'kafka.admin.ConfigCommand',
  'console-consumer': 'org.apache.kafka.tools.consumer.ConsoleConsumer',
  'console-producer': 'org.apache.kafka.tools.ConsoleProducer',
} as const;

/** A broker as the tools reach it. */
export interface KafkaAddress {
  readonly brokers: string;
  /** A properties file with the account of whoever may do everything; undefined on a broker without accounts. */
  readonly adminConfig?: string;
}

export interface KafkaToolOptions {
  /** Adds `--bootstrap-server` and, on a broker with accounts, `--command-config`: the tool comes as one who may do everything. */
  readonly on?: KafkaAddress;
  /** What it reads on its standard input. */
  readonly input?: string;
  /** Default 60,000. */
  readonly timeoutMs?: number;
}

/** A tool ended with another exit code than 0, or did not end in time. */
export class KafkaToolFailed extends Error {
  override readonly name = 'KafkaToolFailed';
  constructor(
    readonly tool: KafkaToolName,
    readonly exitCode: number | null,
    readonly output: string,
  ) {
    super(`kafka-${tool} ${exitCode === null ? 'was ended' : `ended with ${exitCode}`}: ${output.trim()}`);
  }
}

/**
 * Runs one of Kafka's own tools (`ensureTools(['kafka-tools'])` comes first) and gives what it prints on its standard output. Never put a password
 * into its arguments: others on the machine can read them.
 * @throws KafkaToolFailed
 */
export async function kafkaTool(name: KafkaToolName, args: readonly string[], options: KafkaToolOptions = {}): Promise<string> {
  const { on, input = '', timeoutMs = 60_000 } = options;
  const address =
    on === undefined
      ? []
      : ['--bootstrap-server', on.brokers, ...(on.adminConfig === undefined ? [] : ['--command-config', on.adminConfig])];
  const command = ['-Xmx256m', ...jvmOptions('kafka-tools'), mainClasses[name], ...address, ...args];
  const tool = spawn('java', command, { stdio: ['pipe', 'pipe', 'pipe'], timeout: timeoutMs, killSignal: 'SIGKILL' });
  const ended = new Promise<number | null>((resolve, reject) => {
    tool.once('error', reject);
    tool.once('close', resolve);
  });
  // One that does not read its input has closed it when it ends; its exit code tells how it went.
  tool.stdin.once('error', () => undefined);
  tool.stdin.end(input);
  const [output, errors, exitCode] = await Promise.all([text(tool.stdout), text(tool.stderr), ended]);
  if (exitCode !== 0) throw new KafkaToolFailed(name, exitCode, `${output}\n${errors}`);
  return output;
}
