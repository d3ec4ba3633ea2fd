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

/** Where a party is paid out to, and what is to be done about it. */
export interface BankAccounts {
  /** What was in force when somebody last approved, or had set, an account. */
  known?: PayeeAccount;
  /** Approved last: in force from its time on, unless it is stopped before. */
  next?: BankAccountApproved;
  /** Waits for another person. */
  proposal?: BankAccountProposed;
}

export type BankAccountEvent = BankAccountSet | BankAccountProposed | BankAccountApproved | BankAccountRejected | BankAccountChangeStopped;

export type BankAccountCommand =
  | { type: 'ProposeBankAccount'; proposalId: string; account: PayeeAccount; by: string; now: string }
  /** @property coolingMs from the approval of a change to its coming into force */
  | { type: 'ApproveBankAccount'; proposalId: string; by: string; note: string; now: string; coolingMs: number }
  | { type: 'RejectBankAccount'; proposalId: string; by: string; reason: string }
  | { type: 'StopBankAccountChange'; proposalId: string; by: string; reason: string; now: string };

/** Why a command is refused. The order of `refusals` is the order of precedence: the first that applies answers. */
export type BankAccountRefusal = Extract<ProblemCode, 'not_found' | 'state_conflict' | 'four_eyes'>;

export const accountInForce = ({ known, next }: BankAccounts, at: string): PayeeAccount | undefined =>
  next && next.inForceAt <= at ? accountOf(next) : known;

/** An approved change that is still cooling. */
export const coolingChange = ({ next }: BankAccounts, at: string): BankAccountApproved | undefined =>
  next && next.inForceAt > at ? next : undefined;

export function evolveBankAccounts(state: BankAccounts, event: BankAccountEvent): BankAccounts {
  switch (event.type) {
    case 'BankAccountSet':
      return { ...state, known: accountOf(event), next: undefined };
    case 'BankAccountProposed':
      return { ...state, proposal: event };
    case 'BankAccountApproved':
      return { known: accountInForce(state, event.approvedAt), next: event };
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
  state: BankAccounts,
): Decision<BankAccountEvent, BankAccountRefusal> {
  if (isDone(command, state)) return { events: [] };
  const refusal = refusals.find(([, applies]) => applies(command, state));
  if (refusal) return { refused: refusal[0] };
  const { proposalId, by } = command;
  switch (command.type) {
    case 'ProposeBankAccount':
      return { events: [{ type: 'BankAccountProposed', party, proposalId, ...command.account, by, proposedAt: command.now }] };
    case 'ApproveBankAccount':
      return { events: [approved(party, command, state)] };
    case 'RejectBankAccount':
      return { events: [{ type: 'BankAccountRejected', party, proposalId, by, reason: command.reason }] };
    case 'StopBankAccountChange':
      return { events: [{ type: 'BankAccountChangeStopped', party, proposalId, by, reason: command.reason }] };
    default:
      return command satisfies never;
  }
}

type Applies = (command: BankAccountCommand, state: BankAccounts) => boolean;

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

function isDone(command: BankAccountCommand, state: BankAccounts): boolean {
  switch (command.type) {
    case 'ProposeBankAccount': {
      if (state.proposal) return isSame(state.proposal, command.account);
      const current = coolingChange(state, command.now) ?? accountInForce(state, command.now);
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

function approved(
  party: string,
  { by, note, now, coolingMs }: Extract<BankAccountCommand, { type: 'ApproveBankAccount' }>,
  state: BankAccounts,
): BankAccountApproved {
  if (!state.proposal) throw new Error(`nothing is proposed for ${party}`);
  const { proposalId } = state.proposal;
  const isFirst = accountInForce(state, now) === undefined;
  const inForceAt = isFirst ? now : new Date(Date.parse(now) + coolingMs).toISOString();
  return { type: 'BankAccountApproved', party, proposalId, ...accountOf(state.proposal), by, note, approvedAt: now, inForceAt };
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
