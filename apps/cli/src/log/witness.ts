import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { dirname, join } from 'node:path';
import {
  formatSignerKey,
  generateSignerKey,
  LogRefused,
  parseSignerKey,
  startWitness,
  type RunningWitness,
  type SignerKey,
} from '@tongbao/transparency-log';
import type { CommandContext } from '../command-context.js';
import { CommandFailed, exitCodes, UsageError, type ExitCode } from '../exit-codes.js';
import { logIdentity, orUsage } from './log-keys.js';

export interface WitnessCommandOptions {
  port: number;
  host: string;
  /** `ORIGIN=VERIFIERKEY`, or the key alone, whose name is the origin. */
  log: string[];
  name?: string;
  key?: string;
}

/** Runs a witness until it is told to stop. */
export async function runWitness(context: CommandContext, options: WitnessCommandOptions): Promise<ExitCode> {
  const { io, options: global } = context;
  // Not the hub's folder, which other commands take when none is named.
  const { data } = global;
  if (data === undefined) throw new UsageError("Name the witness's own folder with --data.");
  const logs = options.log.map(logIn);
  const key = keyOf(options.key ?? join(data, 'witness.key'), options.name);
  const { name } = key.verifier;
  const stopping = new AbortController();
  const stop = () => stopping.abort();
  process.once('SIGINT', stop).once('SIGTERM', stop);
  try {
    const witness = await started({
      ...{ name, logs, port: options.port, host: options.host, dataDir: data, privateKey: formatSignerKey(key) },
      onCosigned: ({ origin, size }) => io.err(`cosigned ${origin} at ${size} entries\n`),
      onFailure: (error) => io.err(`failed: ${error instanceof Error ? error.message : String(error)}\n`),
    });
    try {
      const { url, verifierKey } = witness;
      context.show({ name, url, verifierKey, logs: logs.map(({ origin }) => origin) }, () => readyText(name, witness, logs));
      if (!stopping.signal.aborted) await new Promise((resolve) => stopping.signal.addEventListener('abort', resolve));
    } finally {
      await witness.stop();
    }
  } finally {
    process.off('SIGINT', stop).off('SIGTERM', stop);
  }
  return exitCodes.ok;
}

/** @throws CommandFailed when the folder is in use, what is in it is damaged, or the port is taken */
async function started(options: Parameters<typeof startWitness>[0]): Promise<RunningWitness> {
  try {
    return await startWitness(options);
  } catch (error) {
    if (error instanceof LogRefused)
      throw new CommandFailed(`what the witness remembers cannot be read, and it does not begin anew: ${error.message}`, { cause: error });
    throw new CommandFailed(error instanceof Error ? error.message : String(error), { cause: error });
  }
}

/** The origin may hold a `=`; a key never does. */
function logIn(text: string): { origin: string; verifierKey: string } {
  const end = text.lastIndexOf('=');
  const identity = logIdentity(text.slice(end + 1));
  const origin = end < 0 ? identity.origin : text.slice(0, end);
  if (origin !== identity.origin) throw new UsageError(`${origin} is signed by a key of its own name, not by that of ${identity.origin}.`);
  return { origin, verifierKey: text.slice(end + 1) };
}

/** The key of a file; made, readable by its owner only, when there is none. */
function keyOf(file: string, name: string | undefined): SignerKey {
  if (!existsSync(file)) {
    const made = orUsage(() => generateSignerKey(name ?? `${hostname()}/witness`, 'cosignature'), 'the name of a witness');
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, `${formatSignerKey(made)}\n`, { mode: 0o600, flag: 'wx', flush: true });
    return made;
  }
  const key = orUsage(() => parseSignerKey(readFileSync(file, 'utf8').trim()), `a key (${file})`);
  if (key.verifier.type !== 'cosignature') throw new UsageError(`${file} holds the key of a log, which is no key of a witness.`);
  if (name !== undefined && name !== key.verifier.name) throw new UsageError(`${file} is the key of ${key.verifier.name}, not of ${name}.`);
  return key;
}

const readyText = (name: string, { url, verifierKey }: RunningWitness, logs: readonly { origin: string }[]): string =>
  `The witness ${name} is ready
  takes         ${url}/add-checkpoint
  of            ${logs.map(({ origin }) => origin).join('\n                ')}
  verifier key  ${verifierKey}
Stop with Ctrl-C.`;
