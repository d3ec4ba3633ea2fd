import { handle, load, type Decision, type DomainEvent, type EventStore, type Fold } from '@tongbao/event-store';
import type { Clock } from '@tongbao/service';
import type { LineCommand, LineRefusal, RefusedLine } from './bank-line.claim.js';
import type { BankInstruction } from './bank.js';
import type { PayoutAccount } from './payout.js';

/** What the bank is to be told, and how far that is: what payouts, collections and withdrawals have in common. */
export interface BankOrder {
  /** The bank's key. */
  id: string;
  status: string;
  /** How often the ledger was asked. */
  asks: number;
  /** Instructions so far. */
  attempt: number;
  instruction: BankInstruction;
}

/** What is done to orders of every kind. */
export type OrderCommand =
  | { type: 'RecordHoldPlaced'; holdId: string }
  | { type: 'RecordHoldRefused'; holdId: string; code: string }
  /**
   * Once more after a refusal of the ledger or the bank, to the account that counts by now.
   * @property by who asks, where it is not the process itself
   * @property despite lines that named it and were refused: whoever asks has seen them
   */
  | { type: 'AskAgain'; account: PayoutAccount; by?: string; despite?: readonly string[]; now: string }
  | { type: 'RecordFailure'; attempt: number; code: string }
  /** An operator has it from the bank that the instruction never will be carried out. */
  | { type: 'DeclareFailed'; by: string; note: string }
  | LineCommand
  | RefusedLine;

/** What an order may be instructed by. */
export interface Means {
  isProven: boolean;
  /** Cash at the bank, less what is on its way. */
  availableMinor: bigint;
  /** Where it goes instead, as the account that it was asked for has been ended; null where the party has no other one. */
  account?: PayoutAccount | null;
}

/** One kind of orders: its streams, its events, its rules. */
export interface OrderKind<S, E extends DomainEvent, C, R extends string> {
  streamOf: (id: string) => string;
  fold: Fold<S, E>;
  decide: (command: C | OrderCommand, state: S) => Decision<E, R>;
  instruct: (means: Means) => C;
  /** `undefined`: nobody has asked for it. */
  orderOf: (state: S) => BankOrder | undefined;
  /** Where the money goes by now, when it is asked for once more. */
  accountOf: (state: S) => Promise<PayoutAccount>;
  /** Of an order that is to be instructed: what is said of its account in `Means`. */
  instead: (state: S) => Promise<Pick<Means, 'account'>>;
}

/** What a step left of an order, and where in the log the step is; no place where it changed nothing. */
export interface OrderStep {
  order: BankOrder | undefined;
  refused?: string;
  position?: bigint;
}

/** Who asks for a step, where it is not the process itself. */
export interface StepAsked {
  commandId: string;
  actor: string;
}

/** Orders of one kind. Each step is one append with an expected revision, and finds its work done when it is run again. */
export class BankOrders<S = unknown, E extends DomainEvent = DomainEvent, C = never, R extends string = string> {
  constructor(
    private readonly store: EventStore,
    private readonly clock: Clock,
    private readonly kind: OrderKind<S, E, C, R>,
  ) {}

  streamOf(id: string): string {
    return this.kind.streamOf(id);
  }

  async load(id: string): Promise<BankOrder | undefined> {
    return this.kind.orderOf((await load(this.store, this.kind.streamOf(id), this.kind.fold)).state);
  }

  /** Asks the ledger for leave once more, to the account that counts by now. */
  async askAgain(id: string, asked?: StepAsked, despite?: readonly string[]): Promise<OrderStep> {
    const { state } = await load(this.store, this.kind.streamOf(id), this.kind.fold);
    const account = await this.kind.accountOf(state);
    const now = this.clock.now().toISOString();
    const context = asked ?? { commandId: `${id} ask again ${askOf(this.kind.orderOf(state))}` };
    return this.step(id, { type: 'AskAgain', account, now, ...(asked && { by: asked.actor }), ...(despite && { despite }) }, context);
  }

  /** The intent, before the bank is told. */
  async instruct(id: string, means: Means): Promise<OrderStep> {
    const { state } = await load(this.store, this.kind.streamOf(id), this.kind.fold);
    const command = this.kind.instruct({ ...means, ...(await this.kind.instead(state)) });
    return this.step(id, command, { commandId: `${id} instruct ${askOf(this.kind.orderOf(state))}` });
  }

  fail(id: string, attempt: number, code: string): Promise<OrderStep> {
    return this.step(id, { type: 'RecordFailure', attempt, code }, { commandId: `${id} outcome ${attempt}` });
  }

  /** An operator has it from the bank that the instruction never will be carried out. */
  declareFailed(id: string, note: string, asked: StepAsked): Promise<OrderStep> {
    return this.step(id, { type: 'DeclareFailed', by: asked.actor, note }, asked);
  }

  /** @returns why the line does not do what it says; nothing when it does */
  async take(id: string, command: LineCommand): Promise<LineRefusal | undefined> {
    const { refused } = await this.step(id, command, { commandId: `${id} line ${command.line.lineId}` });
    if (refused === undefined) return undefined;
    if (!isLineRefusal(refused)) throw new Error(`a line of ${id} was refused as ${refused}`);
    if (refused !== 'no_such_payout') await this.#note(id, command.line.lineId, refused);
    return refused;
  }

  async #note(id: string, lineId: string, code: LineRefusal): Promise<void> {
    await this.step(id, { type: 'RecordRefusedLine', lineId, code }, { commandId: `${id} line ${lineId} refused` });
  }

  async step(id: string, command: C | OrderCommand, context: { commandId: string; actor?: string }): Promise<OrderStep> {
    const { kind, store } = this;
    const decide = (state: S) => kind.decide(command, state);
    const handled = await handle<S, E, R>(store, kind.streamOf(id), kind.fold, decide, { ...context, correlationId: id });
    const order = kind.orderOf(handled.state);
    if (handled.outcome === 'refused') return { order, refused: handled.refusal };
    return { order, ...(handled.position !== undefined && { position: handled.position }) };
  }
}

/** Which ask and instruction a step belongs to, so that a later one is another command. */
const askOf = (order: BankOrder | undefined): string => (order ? `${order.asks}.${order.attempt}` : '0');

const lineRefusals: Record<LineRefusal, true> = {
  no_such_payout: true,
  line_repeats: true,
  not_instructed: true,
  not_confirmed: true,
  amount_differs: true,
  currency_differs: true,
  account_differs: true,
};

const isLineRefusal = (refused: string): refused is LineRefusal => Object.hasOwn(lineRefusals, refused);

/** Orders of whatever kind. */
export type AnyOrders = Pick<BankOrders, 'streamOf' | 'load' | 'askAgain' | 'instruct' | 'fail' | 'declareFailed' | 'take'>;
