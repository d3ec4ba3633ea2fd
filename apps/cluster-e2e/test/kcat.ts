import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';

/** What a foreign client writes. */
export interface ForeignRecord {
  topic: string;
  /** None: any partition, or the one that is named. */
  key?: string | Buffer;
  /** By the key (murmur2) when not given. */
  partition?: number;
  /** `null`: a tombstone. */
  value: string | Buffer | null;
  /** `null`: a header without a value. */
  headers?: Readonly<Record<string, string | null>>;
  compression?: 'gzip' | 'snappy' | 'lz4' | 'zstd';
}

/** Where a record lies. */
export interface Place {
  topic: string;
  partition: number;
  offset: number;
}

/** What a foreign client reads. */
export interface ReadRecord extends Place {
  key: string | null;
  value: string | null;
  headers: Record<string, string | null>;
}

const afterKey = '<key ends>';
const afterValue = '<value ends>';
const mostBytes = 1_000_000;

/** kcat, on librdkafka: a client of Kafka that shares no code with the hub's. */
export class Kcat {
  constructor(private readonly brokers: string) {}

  async put({ topic, key, partition, value, headers = {}, compression }: ForeignRecord): Promise<Place> {
    const args = ['-P', '-b', this.brokers, '-t', topic, '-v', '-v', '-D', afterValue, '-X', `message.max.bytes=${mostBytes}`];
    args.push('-X', 'topic.partitioner=murmur2_random');
    if (partition !== undefined) args.push('-p', String(partition));
    if (key !== undefined) args.push('-K', afterKey);
    if (value === null) args.push('-Z');
    if (compression) args.push('-z', compression);
    for (const [name, header] of Object.entries(headers)) args.push('-H', header === null ? name : `${name}=${header}`);
    const parts = [...(key === undefined ? [] : [key, afterKey]), value ?? '', afterValue];
    const { errors } = await run(args, Buffer.concat(parts.map((part) => Buffer.from(part))));
    const [, at, offset] = /Message delivered to partition (\d+) \(offset (\d+)\)/.exec(errors) ?? [];
    if (at === undefined || offset === undefined) throw new Error(`kcat has not written: ${errors}`);
    return { topic, partition: Number(at), offset: Number(offset) };
  }

  /** Everything in a topic up to its present end. */
  async read(topic: string): Promise<ReadRecord[]> {
    const { output } = await run(['-C', '-b', this.brokers, '-t', topic, '-o', 'beginning', '-e', '-q', '-J'], '');
    const lines = output.split('\n').filter((line) => line !== '');
    return lines.map((line) => {
      // As kcat's manual page has it: -J.
      const { partition, offset, key = null, payload, headers = [] } = JSON.parse(line) as KcatLine;
      const pairs = headers.flatMap((name, index) => (index % 2 === 0 ? [[name, headers[index + 1] ?? null] as const] : []));
      return { topic, partition, offset, key, value: payload, headers: Object.fromEntries(pairs) };
    });
  }
}

interface KcatLine {
  partition: number;
  offset: number;
  key?: string | null;
  payload: string | null;
  /** Names and values in turn. */
  headers?: (string | null)[];
}

async function run(args: readonly string[], input: string | Buffer): Promise<{ output: string; errors: string }> {
  const kcat = spawn('kcat', args, { stdio: ['pipe', 'pipe', 'pipe'], timeout: 30_000, killSignal: 'SIGKILL' });
  const ended = new Promise<number | null>((resolve, reject) => {
    kcat.once('error', reject);
    kcat.once('close', resolve);
  });
  // One that does not read its input has closed it when it ends; its exit code tells how it went.
  kcat.stdin.once('error', () => undefined);
  kcat.stdin.end(input);
  const [output, errors, exitCode] = await Promise.all([text(kcat.stdout), text(kcat.stderr), ended]);
  if (exitCode !== 0) throw new Error(`kcat ${args.join(' ')} ended with ${String(exitCode)}: ${errors}`);
  return { output, errors };
}
