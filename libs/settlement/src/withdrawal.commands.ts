import { account } from '@tongbao/contracts';
import { load, type EventStore } from '@tongbao/event-store';
import { Problem, type Answer, type Asked, type Clock } from '@tongbao/service';
import type { OrderStep } from './bank-order.js';
import type { AccountsInForce } from './payout.orders.js';
import type { PayoutAccount } from './payout.js';
import type { PayoutProcess } from './payout.process.js';
import type { WithdrawalCommand } from './withdrawal.decide.js';
import { fundedParty, type WithdrawalOrders } from './withdrawal.orders.js';
import { withdrawalFold, withdrawalIdOf, withdrawalStream } from './withdrawal.js';

/** What money is taken out of, and where it goes. */
export interface WithdrawalRequest {
  /** `user:<id>:wallet`, `liquidity:<party>` or `hub:fees`. */
  account: string;
  amountMinor: number;
  currency: string;
  /** Of a wallet or the hub's fees; liquidity goes back to where its party is paid. */
  destination?: PayoutAccount;
}

export interface WithdrawalCommandsParts {
  store: EventStore;
  orders: WithdrawalOrders;
  payouts: PayoutProcess;
  accounts: AccountsInForce;
  bank: string;
  currencies: readonly string[];
  /** What a platform asks for up to this needs no second person. */
  automaticApprovalUpToMinor: number;
  clock: Clock;
}

/**
 * Takes money out by the bank, in two steps: the ledger holds it, then the bank is told.
 * @throws Problem with the refusal of the decider, for each of them
 */
export class WithdrawalCommands {
  constructor(private readonly parts: WithdrawalCommandsParts) {}

  async request(request: WithdrawalRequest, { commandId, by }: Asked): Promise<Answer & { withdrawalId: string }> {
    const { bank, currencies, automaticApprovalUpToMinor, clock } = this.parts;
    const { amountMinor, currency } = request;
    requireOwn(request.account, by);
    if (!currencies.includes(currency)) throw new Problem('currency_unsupported', `The hub does not settle ${currency}.`, 'currency');
    const withdrawalId = withdrawalIdOf(commandId);
    const terms = {
      withdrawalId,
      account: request.account,
      amountMinor,
      currency,
      bank,
      requestedBy: by,
      ...(await this.#destinationOf(request)),
    };
    const isAutomatic = isPlatform(by) && amountMinor <= automaticApprovalUpToMinor;
    const command: WithdrawalCommand = {
      type: 'RequestWithdrawal',
      terms,
      ...(isAutomatic && { approvedBy: 'automatic' }),
      now: clock.now().toISOString(),
    };
    return { withdrawalId, ...(await this.#do(withdrawalId, command, { commandId, by })) };
  }

  approve(withdrawalId: string, asked: Asked): Promise<Answer> {
    return this.#do(withdrawalId, { type: 'ApproveWithdrawal', by: asked.by }, asked);
  }

  /** Gives it up before the bank is told, or after it has refused. */
  async cancel(withdrawalId: string, reason: string, asked: Asked): Promise<Answer> {
    const { state } = await load(this.parts.store, withdrawalStream(withdrawalId), withdrawalFold);
    if (state.status !== 'none') requireOwn(state.account, asked.by, state.requestedBy);
    return this.#do(withdrawalId, { type: 'CancelWithdrawal', by: asked.by, reason }, asked);
  }

  /** @param despite lines that named it and were refused: without them it is a `state_conflict`, as the bank may have paid */
  async retry(withdrawalId: string, { commandId, by }: Asked, despite?: readonly string[]): Promise<Answer> {
    return this.#answer(withdrawalId, commandId, await this.parts.payouts.askAgain(withdrawalId, { commandId, actor: by }, despite));
  }

  async declareFailed(withdrawalId: string, note: string, { commandId, by }: Asked): Promise<Answer> {
    return this.#answer(withdrawalId, commandId, await this.parts.payouts.declareFailed(withdrawalId, note, { commandId, actor: by }));
  }

  async #destinationOf({ account: from, currency, destination }: WithdrawalRequest): Promise<PayoutAccount> {
    const party = fundedParty(from);
    if (party === undefined) {
      if (destination) return destination;
      throw new Problem('invalid', 'A wallet and the fees of the hub need an account to go to.', 'destination');
    }
    if (destination) throw new Problem('invalid', 'Liquidity goes back to where its party is paid, and nowhere else.', 'destination');
    const inForce = (await this.parts.accounts()).of(party, currency);
    if (!inForce) throw new Problem('state_conflict', `${party} has no bank account in force for ${currency}.`);
    return inForce;
  }

  async #do(withdrawalId: string, command: WithdrawalCommand, { commandId, by }: Asked): Promise<Answer> {
    return this.#answer(withdrawalId, commandId, await this.parts.orders.step(withdrawalId, command, { commandId, actor: by }));
  }

  /** A command that is repeated after its effect finds a state that would refuse it: the stream says that it was the one. */
  async #answer(withdrawalId: string, commandId: string, { refused }: OrderStep): Promise<Answer> {
    const { store } = this.parts;
    const stream = withdrawalStream(withdrawalId);
    if (refused === 'idempotency_key_reused') throw problemOf(refused);
    if (refused !== undefined) {
      const events = await store.read(stream);
      if (!events.some(({ metadata }) => metadata.$causationId === commandId)) throw problemOf(refused);
    }
    return { position: (await store.readLast(stream))?.position ?? 0n };
  }
}

const isPlatform = (by: string): boolean => by.startsWith('platform:');

/** A platform withdraws wallets, and its own prefunded money; operators whatever there is. */
function requireOwn(from: string, by: string, requestedBy = by): void {
  const isOwn = from === account.liquidity(by) || (from.startsWith('user:') && requestedBy === by);
  if (isPlatform(by) && !isOwn) throw new Problem('forbidden', 'A platform withdraws wallets and what it has prefunded itself.');
}

const details: Record<string, string> = {
  not_found: 'There is no such withdrawal.',
  idempotency_key_reused: 'This Idempotency-Key was used for another withdrawal.',
  state_conflict: 'Not possible in its present state.',
  four_eyes: 'Somebody else must do this: you asked for it, or declared it failed.',
};

/** Lines are refused to the statement's process alone. */
function problemOf(refused: string): Problem {
  switch (refused) {
    case 'not_found':
    case 'idempotency_key_reused':
    case 'state_conflict':
    case 'four_eyes':
      return new Problem(refused, details[refused] ?? refused);
    default:
      throw new Error(`a command on a withdrawal was refused as ${refused}`);
  }
}
