import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { LogRefused, openCheckpoint, originHash, type Checkpoint, type LogIdentity, type VerifierKey } from '@tongbao/transparency-log';
import { UsageError } from '../exit-codes.js';
import { openByAny } from './checkpoints.audit.js';
import type { Findings } from './findings.js';
import type { TrustedKeys } from './log-keys.js';

/** A checkpoint that somebody has kept from before: the log must continue it. */
export interface KnownCheckpoint {
  /** Who has kept it. */
  readonly at: string;
  readonly checkpoint: Checkpoint;
}

const timeoutMs = 5_000;

/**
 * The checkpoint of a file.
 * @param mayBeMissing at the first time
 * @throws UsageError when it cannot be read
 */
export function checkpointIn(file: string, mayBeMissing: boolean, keys: TrustedKeys, findings: Findings): KnownCheckpoint | undefined {
  if (mayBeMissing && !existsSync(file)) return undefined;
  let signed: string;
  try {
    signed = readFileSync(file, 'utf8');
  } catch (error) {
    throw new UsageError(`${file} cannot be read.`, { cause: error });
  }
  return opened(`the checkpoint of ${file}`, findings, () => openByAny(signed, keys).checkpoint);
}

/** Puts a checkpoint where the next audit finds it; a crash leaves the one before, whole. */
export function keepCheckpoint(file: string, signed: string): void {
  writeFileSync(`${file}.next`, signed, { flush: true });
  renameSync(`${file}.next`, file);
}

/** What a witness remembers of a log; undefined where it has nothing, or is not asked for it this way. @throws Error when it does not answer */
export async function rememberedBy(
  witness: { key: VerifierKey; url: string },
  log: LogIdentity,
  findings: Findings,
): Promise<KnownCheckpoint | undefined> {
  const response = await fetch(`${witness.url.replace(/\/$/, '')}/${originHash(log.origin)}/checkpoint`, {
    signal: AbortSignal.timeout(timeoutMs),
  });
  if (response.status === 404) return undefined;
  if (!response.ok) throw new Error(`${witness.url} answers ${response.status}`);
  const signed = await response.text();
  return opened(`what ${witness.key.name} remembers`, findings, () => {
    const { checkpoint, cosignatures } = openCheckpoint(signed, log, [witness.key]);
    if (cosignatures.length === 0) throw new LogRefused('signature_missing', `${witness.key.name} has not cosigned what it gives`);
    return checkpoint;
  });
}

function opened(at: string, findings: Findings, open: () => Checkpoint): KnownCheckpoint | undefined {
  try {
    return { at, checkpoint: open() };
  } catch (error) {
    if (!(error instanceof LogRefused)) throw error;
    findings.add({ finding: 'known_refused', at, detail: error.message });
    return undefined;
  }
}
