import { openCheckpoint, parseCheckpoint, type LogIdentity } from './checkpoint.js';
import { fromDecimal } from './encoding.js';
import { LogRefused, type LogRefusal } from './log-refused.js';
import type { Hash } from './merkle.js';
import type { VerifierKey } from './note.keys.js';
import { checkSignatures, formatNote, parseNote, parseSignatures, type NoteSignature } from './note.js';
import { cosignersOf, type WitnessPolicy } from './witness.policy.js';
import { formatWitnessRequest } from './witness.request.js';

export interface CallOptions {
  /** Default 5,000. */
  readonly timeoutMs?: number;
}

export type AddCheckpointAnswer =
  | { readonly outcome: 'cosigned'; readonly signatures: readonly NoteSignature[] }
  /** The witness has cosigned this size last; a proof from there may do. */
  | { readonly outcome: 'conflict'; readonly size: number };

/** What a witness may send: C2SP tlog-witness lets it answer with several signatures of a few kilobytes. */
const maxAnswerLength = 100_000;

/**
 * One request to a witness; its signatures are not verified yet.
 * @param witnessUrl its submission prefix
 * @throws LogRefused `request_malformed` (400), `log_key_unknown` (403), `log_unknown` (404), `log_inconsistent` (422), `witness_failed` for other
 * answers and when it cannot be reached, `answer_malformed`
 */
export async function addCheckpoint(
  witnessUrl: string,
  oldSize: number,
  proof: readonly Hash[],
  checkpoint: string,
  { timeoutMs = 5_000 }: CallOptions = {},
): Promise<AddCheckpointAnswer> {
  const url = `${witnessUrl.replace(/\/$/, '')}/add-checkpoint`;
  const body = formatWitnessRequest({ oldSize, proof, checkpoint });
  const { status, type, text } = await post(url, body, timeoutMs);
  if (status === 200) return { outcome: 'cosigned', signatures: parseSignatures(text) };
  if (status === 409 && type === 'text/x.tlog.size') {
    const size = text.endsWith('\n') ? fromDecimal(text.slice(0, -1)) : undefined;
    if (size === undefined) throw new LogRefused('answer_malformed', `${url} answers 409 with ${JSON.stringify(text)} for a size`);
    return { outcome: 'conflict', size };
  }
  throw new LogRefused(codes.get(status) ?? 'witness_failed', `${url} answers ${status}: ${text.trim().slice(0, 200)}`);
}

const codes: ReadonlyMap<number, LogRefusal> = new Map([
  [400, 'request_malformed'],
  [403, 'log_key_unknown'],
  [404, 'log_unknown'],
  [422, 'log_inconsistent'],
]);

interface HttpAnswer {
  readonly status: number;
  readonly type: string;
  readonly text: string;
}

async function post(url: string, body: string, timeoutMs: number): Promise<HttpAnswer> {
  try {
    const response = await fetch(url, { method: 'POST', body, redirect: 'error', signal: AbortSignal.timeout(timeoutMs) });
    const [type = ''] = (response.headers.get('content-type') ?? '').split(';');
    return { status: response.status, type, text: await readText(response) };
  } catch (error) {
    if (error instanceof LogRefused) throw error;
    throw new LogRefused('witness_failed', `${url} cannot be reached: ${String(error)}`, { cause: error });
  }
}

async function readText(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  const body: AsyncIterable<Uint8Array> | null = response.body;
  for await (const chunk of body ?? []) {
    length += chunk.length;
    if (length > maxAnswerLength) throw new LogRefused('answer_malformed', `a witness answers with more than ${maxAnswerLength} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

/** A witness as a log knows it. */
export interface KnownWitness {
  readonly key: VerifierKey;
  /** Its submission prefix. */
  readonly url: string;
}

/** Proves that the tree of a checkpoint continues the one of an older size; `TreeProver.consistencyProof` with the checkpoint's size. */
export type Prove = (oldSize: number, size: number) => Promise<readonly Hash[]>;

/** Other instances of the log may bring the witness newer checkpoints while this one is on its way. */
const maxTries = 3;

/**
 * A witness's cosignature on a checkpoint, verified. When the witness has cosigned another size than was thought, it is proven from there.
 * @param oldSize what the witness is thought to have cosigned last; 0 when nobody knows
 * @throws LogRefused as `addCheckpoint` does; `witness_ahead` when the witness has cosigned a larger checkpoint: this one is not the newest, or the log
 * was rolled back; `log_inconsistent` when it has cosigned another history; `cosignature_invalid`, `signature_missing` for what it has sent
 */
export async function cosign(
  { key, url }: KnownWitness,
  signed: string,
  prove: Prove,
  { oldSize = 0, ...options }: CallOptions & { readonly oldSize?: number } = {},
): Promise<NoteSignature> {
  const note = parseNote(signed);
  const { size } = parseCheckpoint(note.text);
  let from = Math.min(oldSize, size);
  for (let tries = 0; tries < maxTries; tries++) {
    const answer = await addCheckpoint(url, from, await prove(from, size), signed, options);
    if (answer.outcome === 'cosigned') return cosignatureOf(key, note.text, answer.signatures);
    from = answer.size;
    if (from > size) throw new LogRefused('witness_ahead', `${key.name} has cosigned ${from} leaves; this checkpoint has ${size}`);
  }
  throw new LogRefused('witness_failed', `${key.name} says another size each time`);
}

function cosignatureOf(key: VerifierKey, text: string, signatures: readonly NoteSignature[]): NoteSignature {
  const own = signatures.find(({ name, id }) => name === key.name && id === key.id);
  if (!own) throw new LogRefused('signature_missing', `${key.name} has not signed with the key that is known`);
  if (checkSignatures({ text, signatures: [own] }, [key]).verified.length === 0) {
    throw new LogRefused('cosignature_invalid', `the cosignature of ${key.name} is not valid`);
  }
  return own;
}

export interface WitnessFailure {
  readonly witness: string;
  readonly error: unknown;
}

export interface WitnessedCheckpoint {
  /** The note with all cosignatures that were got. */
  readonly checkpoint: string;
  /** Whether the policy's quorum is among them. */
  readonly isWitnessed: boolean;
  readonly failures: readonly WitnessFailure[];
}

/** The witnesses of a log: asks all of them side by side, and remembers what each has cosigned. */
export class Witnesses {
  readonly #sizes = new Map<KnownWitness, number>();

  constructor(
    private readonly witnesses: readonly KnownWitness[],
    private readonly policy: WitnessPolicy,
    private readonly options: CallOptions = {},
  ) {}

  /**
   * Collects cosignatures; returns when every witness has answered or has taken too long.
   * @param signed the checkpoint that the log has signed
   */
  async cosign(signed: string, log: LogIdentity, prove: Prove): Promise<WitnessedCheckpoint> {
    const { checkpoint, note } = openCheckpoint(signed, log);
    const answers = await Promise.all(this.witnesses.map((witness) => this.#ask(witness, signed, checkpoint.size, prove)));
    const signatures = answers.flatMap((answer) => ('signature' in answer ? [answer.signature] : []));
    const failures = answers.flatMap((answer) => ('error' in answer ? [answer] : []));
    const cosigned = { text: note.text, signatures: [...note.signatures, ...signatures] };
    const { verified } = checkSignatures(cosigned, this.policy.witnesses);
    return { checkpoint: formatNote(cosigned), isWitnessed: cosignersOf(this.policy, verified) >= this.policy.quorum, failures };
  }

  async #ask(witness: KnownWitness, signed: string, size: number, prove: Prove): Promise<{ signature: NoteSignature } | WitnessFailure> {
    try {
      const signature = await cosign(witness, signed, prove, { ...this.options, oldSize: this.#sizes.get(witness) ?? 0 });
      this.#sizes.set(witness, size);
      return { signature };
    } catch (error) {
      return { witness: witness.key.name, error };
    }
  }
}
