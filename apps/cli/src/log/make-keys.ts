import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { formatSignerKey, formatVerifierKey, generateSignerKey } from '@tongbao/transparency-log';
import type { CommandContext } from '../command-context.js';
import { exitCodes, UsageError, type ExitCode } from '../exit-codes.js';
import { orUsage } from './log-keys.js';

export interface MakeKeysOptions {
  /** Of the log: makes its signing key and its commitment key. */
  origin?: string;
  /** Name of a witness: makes its key. */
  witness?: string;
  /** Folder for the secrets, a file each. */
  out?: string;
}

/** A secret as the settings take it. */
interface Secret {
  /** Setting of the hub; none for a witness's key. */
  setting?: string;
  file: string;
  value: string;
}

interface Made {
  origin?: string;
  verifierKey: string;
  secrets: Secret[];
}

/** Makes new keys, and shows them as the settings take them. */
export function makeKeys(context: CommandContext, { origin, witness, out }: MakeKeysOptions): Promise<ExitCode> {
  if ((origin === undefined) === (witness === undefined))
    throw new UsageError("Name the log with --origin for its keys, or a witness with --witness for that one's.");
  const made = origin === undefined ? keysOfWitness(witness ?? '') : keysOfLog(origin);
  if (out !== undefined) keep(out, made.secrets);
  context.show(shownOf(made, out), () => text(made, out));
  return Promise.resolve(exitCodes.ok);
}

function keysOfLog(origin: string): Made {
  const key = orUsage(() => generateSignerKey(origin, 'ed25519'), 'the name of a log');
  return {
    origin,
    verifierKey: formatVerifierKey(key.verifier),
    secrets: [
      { setting: 'LOG_SIGNING_KEY', file: 'log-signing.key', value: formatSignerKey(key) },
      { setting: 'LOG_COMMITMENT_KEY', file: 'log-commitment.key', value: randomBytes(32).toString('hex') },
    ],
  };
}

function keysOfWitness(name: string): Made {
  const key = orUsage(() => generateSignerKey(name, 'cosignature'), 'the name of a witness');
  return { verifierKey: formatVerifierKey(key.verifier), secrets: [{ file: 'witness.key', value: formatSignerKey(key) }] };
}

/** @throws UsageError when one of the files is there */
function keep(folder: string, secrets: readonly Secret[]): void {
  mkdirSync(folder, { recursive: true });
  const taken = secrets.map(({ file }) => join(folder, file)).find((path) => existsSync(path));
  if (taken !== undefined) throw new UsageError(`${taken} exists: a key is never written over another.`);
  for (const { file, value } of secrets) writeFileSync(join(folder, file), `${value}\n`, { mode: 0o600, flag: 'wx', flush: true });
}

function settingLine({ setting, file, value }: Secret, out: string | undefined): string {
  if (setting === undefined) return out === undefined ? value : join(out, file);
  return out === undefined ? `${setting}=${value}` : `${setting}_FILE=${join(out, file)}`;
}

const shownOf = ({ origin, verifierKey, secrets }: Made, out: string | undefined): object => ({
  ...(origin !== undefined && { origin }),
  verifierKey,
  secrets: secrets.map((each) => ({
    ...(each.setting !== undefined && { setting: each.setting }),
    ...(out === undefined ? { value: each.value } : { file: join(out, each.file) }),
  })),
});

function text({ origin, verifierKey, secrets }: Made, out: string | undefined): string {
  const lines = secrets.map((each) => settingLine(each, out)).join('\n');
  if (origin === undefined)
    return `Secret, for the witness alone (npx tongbao log witness --key):\n${lines}\n\nFor logs and for all who check receipts:\n${verifierKey}`;
  return `Settings of the hub; the keys are secret:
LOG_ORIGIN=${origin}
${lines}

For all who check receipts, the verifier key of the log:
${verifierKey}

Keep a copy of the commitment key: without it nothing that the log hides can be opened or audited, and it can never be replaced for what was posted.`;
}
