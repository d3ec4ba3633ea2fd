import type {
  BankAccountApproved,
  BankAccountChangeStopped,
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
}

export type BankAccountEvent = BankAccountSet | BankAccountProposed | BankAccountApproved | BankAccountRejected | BankAccountChangeStopped;

export type BankAccountCommand =
  | { type: 'ProposeBankAccount'; proposalId: string; currency?: string; account: PayeeAccount; by: string; now: string }
  /** @property coolingMs from the approval of a change to its coming into force */
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
      return { known: ownInForce(state, event.approvedAt), next: event };
    case 'BankAccountRejected':
      return { ...state, proposal: undefined };
    case 'BankAccountChangeStopped':
      return { ...state, next: undefined };
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
    case 'ApproveBankAccount':
      return { events: [approved(about, command, state.proposal, accountInForce(accounts, currency, command.now) === undefined)] };
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
  if (command.type === 'ProposeBankAccount') return command.currency;
  const isMeant = ({ proposal, next }: BankAccountState) => [proposal, next].some((each) => each?.proposalId === command.proposalId);
  return [...accounts].find(([, state]) => isMeant(state))?.[0];
}

type Applies = (command: BankAccountCommand, state: BankAccountState) => boolean;

const refusals: [BankAccountRefusal, Applies][] = [
  ['not_found', (command, state) => isAboutProposal(command) && state.proposal?.proposalId !== command.proposalId],
  ['not_found', (command, state) => command.type === 'StopBankAccountChange' && state.next?.proposalId !== command.proposalId],
  // What waits for another person is rejected before something else is proposed: nobody approves what has changed under their eyes.
  ['state_conflict', (command, state) => command.type === 'ProposeBankAccount' && state.proposal !== undefined],
  ['state_conflict', (command, state) => command.type === 'ApproveBankAccount' && coolingChange(state, command.now) !== undefined],
  // It is in force: another account is proposed instead.
  ['state_conflict', (command, state) => command.type === 'StopBankAccountChange' && !coolingChange(state, command.now)],
  ['four_eyes', (command, state) => command.type === 'ApproveBankAccount' && state.proposal?.by === command.by],
];

const isAboutProposal = ({ type }: BankAccountCommand): boolean => type === 'ApproveBankAccount' || type === 'RejectBankAccount';

function isDone(command: BankAccountCommand, state: BankAccountState): boolean {
  switch (command.type) {
    case 'ProposeBankAccount': {
      if (state.proposal) return isSame(state.proposal, command.account);
      const current = coolingChange(state, command.now) ?? ownInForce(state, command.now);
      return current !== undefined && isSame(current, command.account);
    }
    case 'ApproveBankAccount':
      return state.next?.proposalId === command.proposalId && state.next.by === command.by;
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
