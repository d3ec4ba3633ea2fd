import type { BankLineMatch, BankLineRecorded, PayoutEvent } from '@tongbao/contracts';
import { handle, Outage, type EventStore } from '@tongbao/event-store';
import { claimOf, unmatched, type LineClaim } from './bank-line.match.js';
import type { Bank, StatementLine } from './bank.js';
import { decidePayout, type PayoutRefusal } from './payout.decide.js';
import { payoutFold, payoutStream, type PayoutState } from './payout.js';

const linesAtOnce = 100;

export const statementStream = (bank: string): string => `reconciliation-bank_${bank}`;

/** The bank's statement could not be had. */
export class StatementUnavailable extends Outage {
  override readonly name = 'StatementUnavailable';
}

/**
 * Takes in the bank's statement, line by line, in its order. The stream is its own checkpoint: the newest line in it says where the next one is asked for.
 * A line about a payout is first decided on the payout's stream, then recorded with what came of it; run again in between, it finds that done.
 */
export class BankStatementProcess {
  constructor(
    private readonly store: EventStore,
    private readonly bank: Bank,
  ) {}

  /**
   * Takes in everything that the bank has.
   * @returns how many lines that were
   * @throws StatementUnavailable, or Outage of the store
   */
  async poll(): Promise<number> {
    const stream = statementStream(this.bank.name);
    const last = await this.store.readLast<BankLineRecorded>(stream);
    let revision = last?.revision;
    let sequence = last?.event.sequence ?? 0;
    for (let taken = 0; ;) {
      const lines = await this.#linesAfter(sequence);
      for (const line of lines) {
        if (line.sequence <= sequence)
          throw new Error(`the statement of ${this.bank.name} repeats line ${line.sequence} after ${sequence}`);
        const event = recorded(this.bank.name, line, await this.#match(claimOf(line)));
        const appended = await this.store.append(stream, revision ?? 'no_stream', [event], { commandId: `${stream} ${line.lineId}` });
        ({ sequence } = line);
        ({ revision } = appended);
        taken += 1;
      }
      if (lines.length < linesAtOnce) return taken;
    }
  }

  async #linesAfter(sequence: number): Promise<StatementLine[]> {
    try {
      return await this.bank.statement(sequence, linesAtOnce);
    } catch (error) {
      throw new StatementUnavailable(`no statement from ${this.bank.name}`, { cause: error });
    }
  }

  /** What the line names decides, on its own stream, whether the line is what it claims to be. */
  async #match(claim: LineClaim): Promise<BankLineMatch> {
    if (claim.kind === 'settled') return claim.match;
    const { payoutId, command, line } = claim;
    const handled = await handle<PayoutState, PayoutEvent, PayoutRefusal>(
      this.store,
      payoutStream(payoutId),
      payoutFold,
      (state) => decidePayout({ type: command, line }, state),
      { commandId: `${payoutId} line ${line.lineId}`, correlationId: payoutId },
    );
    if (handled.outcome === 'accepted') return { kind: 'payout', payoutId };
    return unmatched(handled.refusal);
  }
}

function recorded(bank: string, line: StatementLine, match: BankLineMatch): BankLineRecorded {
  const { lineId, sequence, amountMinor, currency, reference, bookedAt } = line;
  return { type: 'BankLineRecorded', bank, lineId, sequence, amountMinor, currency, reference, match, bookedAt };
}
