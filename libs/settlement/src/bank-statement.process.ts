import type { BankLineMatch, BankLineRecorded, Party, PositionEvent } from '@tongbao/contracts';
import { faultPoint, handle, Outage, type EventStore } from '@tongbao/event-store';
import type { AnyOrders } from './bank-order.js';
import { claimOf, unmatched, type LineClaim } from './bank-line.match.js';
import type { Bank, StatementLine } from './bank.js';
import { decideDeposit, depositIdOf, depositsFold, positionStream } from './liquidity.js';
import type { PayoutAccount } from './payout.js';
import { isWithdrawalId } from './withdrawal.js';

const linesAtOnce = 100;

export const statementStream = (bank: string): string => `reconciliation-bank_${bank}`;

/** The bank's statement could not be had. */
export class StatementUnavailable extends Outage {
  override readonly name = 'StatementUnavailable';
}

export interface BankStatementParts {
  store: EventStore;
  bank: Bank;
  payouts: AnyOrders;
  withdrawals: AnyOrders;
  /** Who the parties are and where they are paid in a currency by now, everything in the log included. */
  parties: (party: Party, currency: string) => Promise<{ account: PayoutAccount | undefined } | undefined>;
}

/**
 * Takes in the bank's statement, line by line, in its order. The stream is its own checkpoint: the newest line in it says where the next one is asked for.
 * A line about a payout, a withdrawal or a deposit is first decided on that one's own stream, then recorded with what came of it; run again in between, it
 * finds that done.
 */
export class BankStatementProcess {
  constructor(private readonly parts: BankStatementParts) {}

  /**
   * Takes in everything that the bank has.
   * @returns how many lines that were
   * @throws StatementUnavailable, or Outage of the store
   */
  async poll(): Promise<number> {
    const { store, bank } = this.parts;
    const stream = statementStream(bank.name);
    const last = await store.readLast<BankLineRecorded>(stream);
    let revision = last?.revision;
    let sequence = last?.event.sequence ?? 0;
    for (let taken = 0; ;) {
      const lines = await this.#linesAfter(sequence);
      if (lines.length > 0) faultPoint('after', `statement-${bank.name}`);
      for (const line of lines) {
        if (line.sequence !== sequence + 1) throw new Error(`the statement of ${bank.name} has line ${line.sequence} after ${sequence}`);
        const event = recorded(bank.name, line, await this.#match(line, claimOf(line)));
        const appended = await store.append(stream, revision ?? 'no_stream', [event], { commandId: `${stream} ${line.lineId}` });
        ({ sequence } = line);
        ({ revision } = appended);
        taken += 1;
      }
      if (lines.length < linesAtOnce) return taken;
    }
  }

  async #linesAfter(sequence: number): Promise<StatementLine[]> {
    const { bank } = this.parts;
    try {
      return await bank.statement(sequence, linesAtOnce);
    } catch (error) {
      throw new StatementUnavailable(`no statement from ${bank.name}`, { cause: error });
    }
  }

  /** What the line names decides, on its own stream, whether the line is what it claims to be. */
  async #match(line: StatementLine, claim: LineClaim): Promise<BankLineMatch> {
    switch (claim.kind) {
      case 'settled':
        return claim.match;
      case 'deposit':
        return this.#deposit(claim.party, line);
      case 'order': {
        const orders = isWithdrawalId(claim.key) ? this.parts.withdrawals : this.parts.payouts;
        const refused = await orders.take(claim.key, claim.command);
        return refused === undefined ? { kind: 'payout', payoutId: claim.key } : unmatched(refused);
      }
      default:
        return claim satisfies never;
    }
  }

  /** Prefunded money counts as a party's only where it comes from the account that the party is known by in that currency: anybody can write a reference. */
  async #deposit(party: Party, line: StatementLine): Promise<BankLineMatch> {
    const { store, bank, parties } = this.parts;
    const known = await parties(party, line.currency);
    if (!known) return unmatched('deposit_party_unknown');
    if (known.account?.accountNumber !== line.accountNumber) return unmatched('deposit_account_differs');
    await handle<ReadonlySet<string>, PositionEvent, never>(
      store,
      positionStream(party),
      depositsFold,
      (state) => decideDeposit(party, bank.name, line, state),
      { commandId: `${bank.name} deposit ${line.lineId}`, correlationId: depositIdOf(line.lineId) },
    );
    return { kind: 'payout', payoutId: depositIdOf(line.lineId) };
  }
}

function recorded(bank: string, line: StatementLine, match: BankLineMatch): BankLineRecorded {
  const { lineId, sequence, amountMinor, currency, reference, accountNumber, key, bookedAt } = line;
  const said = { accountNumber, ...(key !== undefined && { key }) };
  return { type: 'BankLineRecorded', bank, lineId, sequence, amountMinor, currency, reference, ...said, match, bookedAt };
}
