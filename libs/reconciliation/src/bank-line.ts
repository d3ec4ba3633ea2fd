import {
  account as accounts,
  partyPattern,
  proposalIdIn,
  walletPattern,
  type BankLineExplained,
  type BankLineExplanationEvent,
  type BankLineExplanationProposed,
} from '@tongbao/contracts';
import type { Decision, Fold } from '@tongbao/event-store';
import type { LineDeposit } from './line-deposit.js';

export const bankLineStream = (bank: string, lineId: string): string => `reconciliation-line_${bank}_${lineId}`;

/** What was said of a line; that there is such a line, and that nobody could explain it, is known from the bank's statement. */
export interface LineState {
  proposal: BankLineExplanationProposed | undefined;
  explained: BankLineExplained | undefined;
  /** The proposals that it is a party's prefunded money, of those that somebody has approved. */
  claims: readonly string[];
}

export const bankLineFold: Fold<LineState, BankLineExplanationEvent> = {
  initial: { proposal: undefined, explained: undefined, claims: [] },
  evolve: (state, event) => {
    switch (event.type) {
      case 'BankLineExplanationProposed':
        return { ...state, proposal: event };
      case 'BankLineExplanationRejected':
        return { ...state, proposal: undefined };
      case 'BankLineExplained':
        return { ...state, proposal: undefined, explained: event };
      case 'BankLineClaimed':
        return { ...state, claims: [...state.claims, event.proposalId] };
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

/** What other streams say, read before the line's own is decided on. */
interface Surroundings {
  /** Whether somebody has registered the party, where the account is one's. */
  accountExists: boolean;
  deposit: LineDeposit;
}

interface Propose extends Surroundings {
  type: 'ProposeExplanation';
  proposalId: string;
  line: UnmatchedLine;
  account: string;
  note: string;
  by: string;
  now: string;
}

interface Approve extends Surroundings {
  type: 'ApproveExplanation';
  /** What is approved is the proposal that the approver has seen. */
  proposalId: string;
  by: string;
  now: string;
}

export type BankLineCommand = Propose | Approve | { type: 'RejectExplanation'; note: string; by: string; now: string };

export type BankLineRefusal = 'state_conflict' | 'account_not_allowed' | 'account_not_found' | 'four_eyes';

export type BankLineDecision = Decision<BankLineExplanationEvent, BankLineRefusal>;

/**
 * Refusals in their order: state_conflict (it is explained, or a party's prefunded money, already; something else is proposed, or nothing), account_not_allowed,
 * account_not_found, four_eyes.
 */
export function decideBankLine(command: BankLineCommand, state: LineState): BankLineDecision {
  if (state.explained) return { refused: 'state_conflict' };
  switch (command.type) {
    case 'ProposeExplanation': {
      const { proposalId, line, account, note, by, now } = command;
      if (isTaken(state, command.deposit)) return { refused: 'state_conflict' };
      if (state.proposal) return proposalIdIn(state.proposal) === proposalId ? { events: [] } : { refused: 'state_conflict' };
      if (!mayExplain(account)) return { refused: 'account_not_allowed' };
      if (!command.accountExists) return { refused: 'account_not_found' };
      const { bank, lineId, amountMinor, currency } = line;
      const said = { bank, lineId, amountMinor, currency, account, note };
      return { events: [{ type: 'BankLineExplanationProposed', proposalId, ...said, by, proposedAt: now }] };
    }
    case 'RejectExplanation': {
      if (!state.proposal) return { refused: 'state_conflict' };
      const { bank, lineId } = state.proposal;
      return {
        events: [{ type: 'BankLineExplanationRejected', bank, lineId, note: command.note, by: command.by, rejectedAt: command.now }],
      };
    }
    case 'ApproveExplanation':
      return approve(command, state);
    default:
      return command satisfies never;
  }
}

function approve({ proposalId, accountExists, deposit, by, now }: Approve, state: LineState): BankLineDecision {
  const { proposal } = state;
  if (isTaken(state, deposit) || !proposal || proposalIdIn(proposal) !== proposalId) return { refused: 'state_conflict' };
  const { bank, lineId, amountMinor, currency, account, note, by: proposedBy } = proposal;
  // Proposals of before parties were looked up may wait.
  if (!mayExplain(account)) return { refused: 'account_not_allowed' };
  if (!accountExists) return { refused: 'account_not_found' };
  if (by === proposedBy) return { refused: 'four_eyes' };
  const [from, to] = amountMinor > 0 ? [accounts.suspense, account] : [account, accounts.suspense];
  const transfers = [{ from, to, amountMinor: Math.abs(amountMinor), kind: 'bank-line-explained' }];
  const said = { bank, lineId, amountMinor, currency, account, note };
  return { events: [{ type: 'BankLineExplained', ...said, transfers, proposedBy, by, explainedAt: now }] };
}

/** It is a party's prefunded money, or about to be: a claim holds until its proposal is rejected, which is for good. */
const isTaken = ({ claims }: LineState, { isAssigned, rejected }: LineDeposit): boolean =>
  isAssigned || claims.some((proposalId) => !rejected.has(proposalId));

const own: ReadonlySet<string> = new Set([accounts.fees, accounts.providerFees, accounts.bankFees, accounts.fx, accounts.losses]);
const provider = /^provider:[a-z][a-z0-9]*$/;

/**
 * A line may be a party's (it counts in its net), a wallet's, a provider's, the hub's own cost or income, or a side of its own purchase of a
 * currency. A party's prefunded money is assigned as a deposit, and
 * what is in transit ends with its payout.
 */
export const mayExplain = (account: string): boolean =>
  partyPattern.test(account) || own.has(account) || walletPattern.test(account) || provider.test(account);
