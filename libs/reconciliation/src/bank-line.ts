import {
  account as accounts,
  isParty,
  type BankLineExplained,
  type BankLineExplanationEvent,
  type BankLineExplanationProposed,
} from '@tongbao/contracts';
import type { Decision, Fold } from '@tongbao/event-store';

export const bankLineStream = (bank: string, lineId: string): string => `reconciliation-line_${bank}_${lineId}`;

/** What was said of a line; that there is such a line, and that nobody could explain it, is known from the bank's statement. */
export interface LineState {
  proposal: BankLineExplanationProposed | undefined;
  explained: BankLineExplained | undefined;
}

export const bankLineFold: Fold<LineState, BankLineExplanationEvent> = {
  initial: { proposal: undefined, explained: undefined },
  evolve: (state, event) => {
    switch (event.type) {
      case 'BankLineExplanationProposed':
        return { ...state, proposal: event };
      case 'BankLineExplanationRejected':
        return { ...state, proposal: undefined };
      case 'BankLineExplained':
        return { proposal: undefined, explained: event };
      default:
        return event satisfies never;
    }
  },
};

/** The line as the statement has it. */
export interface UnmatchedLine {
  bank: string;
  lineId: string;
  amountMinor: number;
  currency: string;
}

export type BankLineCommand =
  | { type: 'ProposeExplanation'; line: UnmatchedLine; account: string; note: string; by: string; now: string }
  | { type: 'RejectExplanation'; note: string; by: string; now: string }
  | { type: 'ApproveExplanation'; by: string; now: string };

export type BankLineRefusal = 'state_conflict' | 'account_not_allowed' | 'four_eyes';

export type BankLineDecision = Decision<BankLineExplanationEvent, BankLineRefusal>;

/** Refusals in their order: state_conflict (explained already, or nothing is proposed), account_not_allowed, four_eyes. */
export function decideBankLine(command: BankLineCommand, state: LineState): BankLineDecision {
  if (state.explained) return { refused: 'state_conflict' };
  switch (command.type) {
    case 'ProposeExplanation': {
      const { line, account, note, by, now } = command;
      if (!mayExplain(account)) return { refused: 'account_not_allowed' };
      const { bank, lineId, amountMinor, currency } = line;
      return { events: [{ type: 'BankLineExplanationProposed', bank, lineId, amountMinor, currency, account, note, by, proposedAt: now }] };
    }
    case 'RejectExplanation': {
      if (!state.proposal) return { refused: 'state_conflict' };
      const { bank, lineId } = state.proposal;
      return {
        events: [{ type: 'BankLineExplanationRejected', bank, lineId, note: command.note, by: command.by, rejectedAt: command.now }],
      };
    }
    case 'ApproveExplanation': {
      if (!state.proposal) return { refused: 'state_conflict' };
      const { bank, lineId, amountMinor, currency, account, note, by: proposedBy } = state.proposal;
      if (command.by === proposedBy) return { refused: 'four_eyes' };
      const [from, to] = amountMinor > 0 ? [accounts.suspense, account] : [account, accounts.suspense];
      const transfers = [{ from, to, amountMinor: Math.abs(amountMinor), kind: 'bank-line-explained' }];
      const explained = {
        bank,
        lineId,
        amountMinor,
        currency,
        account,
        note,
        transfers,
        proposedBy,
        by: command.by,
        explainedAt: command.now,
      };
      return { events: [{ type: 'BankLineExplained', ...explained }] };
    }
    default:
      return command satisfies never;
  }
}

const own: ReadonlySet<string> = new Set([accounts.fees, accounts.providerFees, accounts.bankFees, accounts.fx, accounts.losses]);
const wallet = /^user:[A-Za-z0-9][A-Za-z0-9_.-]*:wallet$/;
const provider = /^provider:[a-z][a-z0-9]*$/;

/**
 * A line may be a party's (it counts in its net), a wallet's, a provider's, the hub's own cost or income, or a side of its own purchase of a
 * currency. A party's prefunded money is assigned as a deposit, and
 * what is in transit ends with its payout.
 */
export const mayExplain = (account: string): boolean =>
  isParty(account) || own.has(account) || wallet.test(account) || provider.test(account);
