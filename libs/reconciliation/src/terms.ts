import type { CurrencyTerms, ReconciliationTerms, ReconciliationTermsEvent, ReconciliationTermsProposed } from '@tongbao/contracts';
import { isCurrency } from '@tongbao/money';
import type { Decision, Fold } from '@tongbao/event-store';
import { isTimeZone } from './bill-day.js';

const usual = { dayBegins: '00:00', cutToleranceMs: 600_000, payoutDays: 3, maxBreaks: 10_000, currencies: [] as CurrencyTerms[] };
const beijing = { ...usual, timeZone: 'Asia/Shanghai' };

/** What holds of the providers whose bills are known, until somebody sets other terms. */
const builtIn: Readonly<Record<string, ReconciliationTerms>> = {
  alipay: { ...beijing, format: 'alipay', bills: ['trade'], feesFrom: 'trade' },
  wechatpay: { ...beijing, format: 'wechat', bills: ['trade', 'fund'], feesFrom: 'fund' },
  stripe: { ...usual, timeZone: 'UTC', format: 'stripe', bills: ['fund'], feesFrom: 'fund' },
};

export const builtInProviders = Object.keys(builtIn);

export const builtInTerms = (provider: string): ReconciliationTerms | undefined =>
  Object.hasOwn(builtIn, provider) ? builtIn[provider] : undefined;

export const termsStream = (provider: string): string => `reconciliation-terms_${provider}`;

/** The differences of a currency that are no breaks. */
export const currencyTerms = (terms: ReconciliationTerms, currency: string): CurrencyTerms =>
  terms.currencies.find((each) => each.currency === currency) ?? { currency, amountToleranceMinor: 0, feeToleranceMinor: 0 };

export interface TermsState {
  version: number;
  terms: ReconciliationTerms | undefined;
  /** Waits for somebody else's approval. */
  proposal: ReconciliationTermsProposed | undefined;
}

export const termsFold: Fold<TermsState, ReconciliationTermsEvent> = {
  initial: { version: 0, terms: undefined, proposal: undefined },
  evolve: (state, event) => {
    switch (event.type) {
      case 'ReconciliationTermsProposed':
        return { ...state, proposal: event };
      case 'ReconciliationTermsRejected':
        return { ...state, proposal: undefined };
      case 'ReconciliationTermsSet':
        return { version: event.version, terms: termsIn(event), proposal: undefined };
      default:
        return event satisfies never;
    }
  },
};

/** The terms alone, of an event or a request. */
export function termsIn(said: ReconciliationTerms): ReconciliationTerms {
  const { format, timeZone, dayBegins, bills, feesFrom, account, cutToleranceMs, payoutDays, maxBreaks } = said;
  const currencies = said.currencies.map(({ fee, currency, amountToleranceMinor, feeToleranceMinor }) => ({
    ...{ currency, amountToleranceMinor, feeToleranceMinor },
    ...(fee && { fee: { basisPoints: fee.basisPoints, fixedMinor: fee.fixedMinor } }),
  }));
  return {
    ...{ format, timeZone, dayBegins, bills, feesFrom, cutToleranceMs, payoutDays, maxBreaks, currencies },
    ...(account !== undefined && { account }),
  };
}

export type TermsCommand =
  | { type: 'ProposeTerms'; provider: string; proposalId: string; terms: ReconciliationTerms; by: string; now: string }
  | { type: 'RejectTerms'; note: string; by: string; now: string }
  /** What is approved is the proposal that the approver has seen. */
  | { type: 'ApproveTerms'; proposalId: string; by: string; now: string };

export type TermsRefusal = 'invalid' | 'state_conflict' | 'four_eyes';

/** The bills of a form that can be read. */
const readable: Readonly<Record<ReconciliationTerms['format'], readonly string[]>> = {
  alipay: ['trade'],
  wechat: ['trade', 'fund'],
  stripe: ['fund'],
};

/** What is wrong with terms, or undefined. */
export function termsProblem({ format, timeZone, bills, feesFrom, currencies }: ReconciliationTerms): string | undefined {
  const unread = bills.find((bill) => !readable[format].includes(bill));
  if (unread !== undefined) return `a ${unread} bill in the form of ${format} cannot be read`;
  if (bills.length === 0 || new Set(bills).size < bills.length) return 'bills must name each bill once, and at least one';
  if (!bills.includes(feesFrom)) return 'feesFrom must be one of the bills';
  if (!isTimeZone(timeZone)) return 'timeZone must be a name such as Asia/Shanghai';
  const names = currencies.map(({ currency }) => currency);
  if (!names.every(isCurrency) || new Set(names).size < names.length) return 'currencies must be ISO 4217 codes, each once';
  return undefined;
}

/** Refusals in the order of `TermsRefusal`. state_conflict: something else is proposed, or nothing. */
export function decideTerms(command: TermsCommand, { version, proposal }: TermsState): Decision<ReconciliationTermsEvent, TermsRefusal> {
  const { by, now } = command;
  if (command.type === 'ProposeTerms') {
    const { provider, proposalId, terms } = command;
    if (termsProblem(terms) !== undefined) return { refused: 'invalid' };
    if (proposal) return proposal.proposalId === proposalId ? { events: [] } : { refused: 'state_conflict' };
    return { events: [{ type: 'ReconciliationTermsProposed', provider, proposalId, ...termsIn(terms), by, proposedAt: now }] };
  }
  if (!proposal) return { refused: 'state_conflict' };
  const { provider, proposalId, by: proposedBy } = proposal;
  if (command.type === 'RejectTerms')
    return { events: [{ type: 'ReconciliationTermsRejected', provider, proposalId, note: command.note, by, rejectedAt: now }] };
  if (command.proposalId !== proposalId) return { refused: 'state_conflict' };
  if (by === proposedBy) return { refused: 'four_eyes' };
  const set = { provider, version: version + 1, ...termsIn(proposal), by: proposedBy, approvedBy: by, setAt: now };
  return { events: [{ type: 'ReconciliationTermsSet', ...set }] };
}
