import type {
  BankAccountApproved,
  BankAccountChangeStopped,
  BankAccountEnded,
  BankAccountEndProposed,
  BankAccountProposed,
  BankAccountRejected,
  BankAccountSet,
  PayeeAccount,
  ProblemCode,
} from '@tongbao/contracts';
import type { Decision } from '@tongbao/event-store';

/**
 * Where a party is paid out to: by currency, each under four eyes and with a cooling time of its own. The one of no currency serves all that have none of their
 * own.
 */
export type BankAccounts = ReadonlyMap<string | undefined, BankAccountState>;

export const noBankAccounts: BankAccounts = new Map();

/** One of a party's accounts, and what is to be done about it. */
export interface BankAccountState {
  /** What was in force when somebody last approved, or had set, an account. */
  known?: PayeeAccount;
  /** Approved last: in force from its time on, unless it is stopped before. */
  next?: BankAccountApproved;
  /** Waits for another person. */
  proposal?: BankAccountProposed;
  /** Waits for another person, too: the party is to have none of its own in this currency. */
  ending?: BankAccountEndProposed;
  /** The last time that it was ended. */
  ended?: BankAccountEnded;
}

export type BankAccountEvent =
  | BankAccountSet
  | BankAccountProposed
  | BankAccountApproved
  | BankAccountRejected
  | BankAccountChangeStopped
  | BankAccountEndProposed
  | BankAccountEnded;

export type BankAccountCommand =
  | { type: 'ProposeBankAccount'; proposalId: string; currency?: string; account: PayeeAccount; by: string; now: string }
  /** Only of an account of one currency: the one that serves all others is changed, and never ended. */
  | { type: 'ProposeBankAccountEnd'; proposalId: string; currency: string; by: string; reason: string; now: string }
  /**
   * Of what is proposed, whichever it is.
   * @property coolingMs from the approval of a change to its coming into force; an end takes effect at once
   */
  | { type: 'ApproveBankAccount'; proposalId: string; by: string; note: string; now: string; coolingMs: number }
  | { type: 'RejectBankAccount'; proposalId: string; by: string; reason: string }
  | { type: 'StopBankAccountChange'; proposalId: string; by: string; reason: string; now: string };

/** Why a command is refused. The order of `refusals` is the order of precedence: the first that applies answers. */
export type BankAccountRefusal = Extract<ProblemCode, 'not_found' | 'state_conflict' | 'four_eyes'>;

/** Where the party is paid in a currency; without one, in those that have no account of their own. */
export const accountInForce = (accounts: BankAccounts, currency: string | undefined, at: string): PayeeAccount | undefined =>
  ownInForce(accounts.get(currency) ?? {}, at) ?? ownInForce(accounts.get(undefined) ?? {}, at);

export const ownInForce = ({ known, next }: BankAccountState, at: string): PayeeAccount | undefined =>
  next && next.inForceAt <= at ? accountOf(next) : known;

/** An approved change that is still cooling. */
export const coolingChange = ({ next }: BankAccountState, at: string): BankAccountApproved | undefined =>
  next && next.inForceAt > at ? next : undefined;

export function evolveBankAccounts(accounts: BankAccounts, event: BankAccountEvent): BankAccounts {
  const currency = event.type === 'BankAccountSet' ? undefined : event.currency;
  return new Map(accounts).set(currency, evolved(accounts.get(currency) ?? {}, event));
}

function evolved(state: BankAccountState, event: BankAccountEvent): BankAccountState {
  switch (event.type) {
    case 'BankAccountSet':
      return { ...state, known: accountOf(event), next: undefined };
    case 'BankAccountProposed':
      return { ...state, proposal: event };
    case 'BankAccountApproved':
      return { known: ownInForce(state, event.approvedAt), next: event, ended: state.ended };
    case 'BankAccountRejected':
      return { ...state, proposal: undefined, ending: undefined };
    case 'BankAccountChangeStopped':
      return { ...state, next: undefined };
    case 'BankAccountEndProposed':
      return { ...state, ending: event };
    case 'BankAccountEnded':
      return { ended: event };
    default:
      return event satisfies never;
  }
}

/** Decides a command on a party's bank account. One that finds its work done changes nothing and is no error. */
export function decideBankAccount(
  party: string,
  command: BankAccountCommand,
  accounts: BankAccounts,
): Decision<BankAccountEvent, BankAccountRefusal> {
  const currency = currencyOf(command, accounts);
  const state = accounts.get(currency) ?? {};
  if (isDone(command, state)) return { events: [] };
  const refusal = refusals.find(([, applies]) => applies(command, state));
  if (refusal) return { refused: refusal[0] };
  const { proposalId, by } = command;
  const about = { party, ...(currency !== undefined && { currency }), proposalId };
  switch (command.type) {
    case 'ProposeBankAccount':
      return { events: [{ type: 'BankAccountProposed', ...about, ...command.account, by, proposedAt: command.now }] };
    case 'ProposeBankAccountEnd': {
      const { currency: of, reason, now } = command;
      return { events: [{ type: 'BankAccountEndProposed', party, currency: of, proposalId, by, reason, proposedAt: now }] };
    }
    case 'ApproveBankAccount': {
      if (state.ending) return { events: [ended(command, state.ending, ownInForce(state, command.now))] };
      // Whoever had an account ended does not get round the cooling time by that.
      const isFirst = accountInForce(accounts, currency, command.now) === undefined && !state.ended;
      return { events: [approved(about, command, state.proposal, isFirst)] };
    }
    case 'RejectBankAccount':
      return { events: [{ type: 'BankAccountRejected', ...about, by, reason: command.reason }] };
    case 'StopBankAccountChange':
      return { events: [{ type: 'BankAccountChangeStopped', ...about, by, reason: command.reason }] };
    default:
      return command satisfies never;
  }
}

/** Which of the accounts a command is about: a proposal says so, and everything else names the proposal. */
function currencyOf(command: BankAccountCommand, accounts: BankAccounts): string | undefined {
  if (command.type === 'ProposeBankAccount' || command.type === 'ProposeBankAccountEnd') return command.currency;
  const isMeant = ({ proposal, next, ending, ended }: BankAccountState) =>
    [proposal, next, ending, ended].some((each) => each?.proposalId === command.proposalId);
  return [...accounts].find(([, state]) => isMeant(state))?.[0];
}

type Applies = (command: BankAccountCommand, state: BankAccountState) => boolean;

const refusals: [BankAccountRefusal, Applies][] = [
  ['not_found', (command, state) => isAboutProposal(command) && waiting(state)?.proposalId !== command.proposalId],
  [
    'not_found',
    (command, state) => command.type === 'ProposeBankAccountEnd' && !ownInForce(state, command.now) && !coolingChange(state, command.now),
  ],
  ['not_found', (command, state) => command.type === 'StopBankAccountChange' && state.next?.proposalId !== command.proposalId],
  // What waits for another person is rejected before something else is proposed: nobody approves what has changed under their eyes.
  ['state_conflict', (command, state) => isProposing(command) && waiting(state) !== undefined],
  // Stopped first: what nobody is paid to yet has nothing to end.
  ['state_conflict', (command, state) => command.type === 'ProposeBankAccountEnd' && coolingChange(state, command.now) !== undefined],
  ['state_conflict', (command, state) => command.type === 'ApproveBankAccount' && coolingChange(state, command.now) !== undefined],
  // It is in force: another account is proposed instead.
  ['state_conflict', (command, state) => command.type === 'StopBankAccountChange' && !coolingChange(state, command.now)],
  ['four_eyes', (command, state) => command.type === 'ApproveBankAccount' && waiting(state)?.by === command.by],
];

const isProposing = ({ type }: BankAccountCommand): boolean => type === 'ProposeBankAccount' || type === 'ProposeBankAccountEnd';

/** One at a time. */
const waiting = ({ proposal, ending }: BankAccountState): BankAccountProposed | BankAccountEndProposed | undefined => proposal ?? ending;

const isAboutProposal = ({ type }: BankAccountCommand): boolean => type === 'ApproveBankAccount' || type === 'RejectBankAccount';

function isDone(command: BankAccountCommand, state: BankAccountState): boolean {
  switch (command.type) {
    case 'ProposeBankAccountEnd':
      return state.ending !== undefined;
    case 'ProposeBankAccount': {
      if (state.ending) return false;
      if (state.proposal) return isSame(state.proposal, command.account);
      const current = coolingChange(state, command.now) ?? ownInForce(state, command.now);
      return current !== undefined && isSame(current, command.account);
    }
    case 'ApproveBankAccount':
      return [state.next, state.ended].some((done) => done?.proposalId === command.proposalId && done.by === command.by);
    case 'RejectBankAccount':
    case 'StopBankAccountChange':
      return false;
    default:
      return command satisfies never;
  }
}

/**
 * @param isFirst the party is paid nowhere in what the account is for. A first account of a currency that another one has served takes money elsewhere, and
 *   cools like any other change
 */
function approved(
  about: { party: string; currency?: string; proposalId: string },
  { by, note, now, coolingMs }: Extract<BankAccountCommand, { type: 'ApproveBankAccount' }>,
  proposal: BankAccountProposed | undefined,
  isFirst: boolean,
): BankAccountApproved {
  if (!proposal) throw new Error(`nothing is proposed for ${about.party}`);
  const inForceAt = isFirst ? now : new Date(Date.parse(now) + coolingMs).toISOString();
  return { type: 'BankAccountApproved', ...about, ...accountOf(proposal), by, note, approvedAt: now, inForceAt };
}

function ended(
  { by, note, now }: Extract<BankAccountCommand, { type: 'ApproveBankAccount' }>,
  { party, currency, proposalId }: BankAccountEndProposed,
  inForce: PayeeAccount | undefined,
): BankAccountEnded {
  if (!inForce) throw new Error(`${party} has no account of its own in ${currency}`);
  return { type: 'BankAccountEnded', party, currency, proposalId, accountNumber: inForce.accountNumber, by, note, endedAt: now };
}

export const accountOf = ({ bank, accountNumber, holder, bic, clearing, mandate }: PayeeAccount): PayeeAccount => ({
  bank,
  accountNumber,
  holder,
  ...(bic !== undefined && { bic }),
  ...(clearing && { clearing }),
  ...(mandate && { mandate }),
});

const isSame = (one: PayeeAccount, other: PayeeAccount): boolean => JSON.stringify(inOrder(one)) === JSON.stringify(inOrder(other));

const inOrder = ({ bank, accountNumber, holder, bic, clearing, mandate }: PayeeAccount) => [
  ...[bank, accountNumber, holder, bic],
  ...[clearing?.memberId, clearing?.system, mandate?.mandateId, mandate?.signedOn],
];
