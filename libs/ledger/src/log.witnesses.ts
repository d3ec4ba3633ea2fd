import { setTimeout as delay } from 'node:timers/promises';
import {
  checkSignatures,
  cosign,
  cosignersOf,
  formatNote,
  LogRefused,
  parseNote,
  type KnownWitness,
  type NoteSignature,
  type Prove,
  type WitnessPolicy,
} from '@tongbao/transparency-log';

export interface WitnessRoundOptions {
  witnesses: readonly KnownWitness[];
  policy: WitnessPolicy;
  prove: Prove;
  onCosigned?: (witness: string) => void;
  /** Done before the round is. @param size of the checkpoint that it was asked for */
  onFailure: (witness: string, error: unknown, size: number) => Promise<void>;
  /** How long one witness may take; 5 s when not given. */
  timeoutMs?: number;
  /** How long a witness that has failed is left alone; 2 s when not given. */
  pauseMs?: number;
  now?: () => number;
}

/** What a round of questions came to. */
export interface WitnessRound {
  /** The note with all cosignatures that came in time. */
  checkpoint: string;
  cosigners: string[];
  /** Whether there are as many as the policy asks for, and at least one. */
  isWitnessed: boolean;
}

/** What a witness says that is not its own trouble: it has seen another history, or a longer one. */
export const isContradiction = (error: unknown): error is LogRefused =>
  error instanceof LogRefused && (error.code === 'log_inconsistent' || error.code === 'witness_ahead');

/** Once the quorum is there, the others get this long to add theirs. */
const graceMs = 250;
/** People have to look into it: nobody expects another answer soon. */
const contradictedPauseMs = 30_000;

/**
 * Asks the witnesses of the log. All of them are asked for the same checkpoint, but for those that have not yet answered for an earlier one, or have just
 * failed: a witness that is slow or down holds up nobody else.
 */
export class LogWitnesses {
  readonly #busy = new Set<KnownWitness>();
  readonly #pausedUntil = new Map<KnownWitness, number>();
  readonly #sizes = new Map<KnownWitness, number>();

  constructor(private readonly options: WitnessRoundOptions) {}

  /** @param signed the checkpoint as the log has signed it */
  async ask(signed: string, size: number): Promise<WitnessRound> {
    const now = this.#now();
    const free = this.options.witnesses.filter((each) => !this.#busy.has(each) && (this.#pausedUntil.get(each) ?? 0) <= now);
    const signatures: NoteSignature[] = [];
    let enough: () => void = () => undefined;
    const hasEnough = new Promise<void>((resolve) => (enough = resolve));
    const all = free.map(async (witness) => {
      const signature = await this.#ask(witness, signed, size);
      if (signature) signatures.push(signature);
      if (this.#round(signed, signatures).isWitnessed) enough();
    });
    await Promise.race([Promise.all(all), hasEnough.then(() => delay(graceMs, undefined, { ref: false }))]);
    return this.#round(signed, [...signatures]);
  }

  #round(signed: string, signatures: readonly NoteSignature[]): WitnessRound {
    const { policy } = this.options;
    const note = parseNote(signed);
    const cosigned = { text: note.text, signatures: [...note.signatures, ...signatures] };
    const { verified } = checkSignatures(cosigned, policy.witnesses);
    const isWitnessed = verified.length > 0 && cosignersOf(policy, verified) >= policy.quorum;
    return { checkpoint: formatNote(cosigned), cosigners: verified.map(({ key }) => key.name), isWitnessed };
  }

  async #ask(witness: KnownWitness, signed: string, size: number): Promise<NoteSignature | undefined> {
    this.#busy.add(witness);
    const { prove, onCosigned, onFailure, timeoutMs, pauseMs = 2_000 } = this.options;
    const known = { oldSize: this.#sizes.get(witness) ?? 0, ...(timeoutMs !== undefined && { timeoutMs }) };
    try {
      const signature = await cosign(witness, signed, prove, known);
      this.#sizes.set(witness, size);
      this.#pausedUntil.delete(witness);
      onCosigned?.(witness.key.name);
      return signature;
    } catch (error) {
      this.#pausedUntil.set(witness, this.#now() + (isContradiction(error) ? contradictedPauseMs : pauseMs));
      await onFailure(witness.key.name, error, size);
      return undefined;
    } finally {
      this.#busy.delete(witness);
    }
  }

  #now(): number {
    return this.options.now?.() ?? performance.now();
  }
}
