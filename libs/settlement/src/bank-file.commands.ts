import { Problem, type Asked } from '@tongbao/service';
import type { BankFileIntake, TakenFile } from './bank-file.intake.js';
import type { FileBank } from './file-bank.js';
import type { PayoutRunProcess } from './payout-run.process.js';

/** What there is of a bank that takes and gives files. */
export interface FileBankWork {
  bank: FileBank;
  intake: BankFileIntake;
  runs: PayoutRunProcess;
}

/**
 * What operators do with the files of a bank.
 * @throws Problem; not_found, too, where the hub's bank takes no files
 */
export class BankFileCommands {
  constructor(private readonly work: FileBankWork | undefined) {}

  /** Takes a file in that did not come by itself, once a second person has handed in the same bytes. */
  upload(bytes: Uint8Array, name: string, { by }: Asked): Promise<TakenFile> {
    return this.#work.intake.take({ bytes }, name, by);
  }

  /** Somebody has seen to a file that was rejected. */
  async acknowledge(fileId: string, note: string, { commandId, by }: Asked): Promise<void> {
    const refused = await this.#work.intake.acknowledge(fileId, note, by, commandId);
    if (refused === 'not_found') throw new Problem('not_found', `No file ${fileId} was rejected.`);
    if (refused !== undefined) throw new Problem('state_conflict', 'Somebody has seen to it already, or it was accepted since.');
  }

  /** Closes the run that is open, before its cut-off. */
  async closeRun({ commandId, by }: Asked): Promise<string> {
    const runId = await this.#work.runs.close('asked', by, commandId);
    if (runId === undefined) throw new Problem('state_conflict', 'Nothing waits to go out.');
    return runId;
  }

  /** Lets the files of a run go. */
  async releaseRun(sequence: number, { commandId, by }: Asked): Promise<string> {
    const handled = await this.#work.runs.release(sequence, by, commandId);
    if (handled.outcome === 'refused') throw new Problem(handled.refusal, refusals[handled.refusal]);
    if (handled.state.status === 'none') throw new Error(`run ${sequence} was released and has no state`);
    return handled.state.run.runId;
  }

  /** Keeps an instruction out of the run that is open; its payout fails, and is retried or carried as any other. */
  async withdraw(key: string, attempt: number, reason: string, { by }: Asked): Promise<void> {
    const outcome = await this.#work.bank.giveUp(key, attempt, by, reason);
    if (outcome === 'not_found') throw new Problem('not_found', `There is no instruction ${key}.`);
    if (outcome !== 'withdrawn') throw new Problem('state_conflict', 'Its run has closed, or the bank has rejected it.');
  }

  /** One of the hub's own files, as it went out. */
  async fileText(messageId: string): Promise<string> {
    const own = await this.#work.runs.ownFile(messageId);
    if (!own) throw new Problem('not_found', `The hub has made no file ${messageId}.`);
    return own.file.xml;
  }

  get #work(): FileBankWork {
    if (!this.work) throw new Problem('not_found', 'The bank of this hub takes no files.');
    return this.work;
  }
}

const refusals = {
  not_found: 'There is no such run.',
  state_conflict: 'The run is released already.',
  four_eyes: 'Whoever closed a run may not release it.',
} as const;
