import type { BankEvent, ProblemCode } from '@tongbao/contracts';
import { handle, load, type EventStore } from '@tongbao/event-store';
import { Problem, type Answer, type Asked, type Clock } from '@tongbao/service';
import type { OrderStep } from './bank-order.js';
import { bankPauseFold, bankStream, decideBankPause, type BankPause, type BankPauseCommand } from './bank.pause.js';
import { LineAssignments, type SaidOfLine } from './line-assignments.js';
import type { SettlementModels } from './models.js';
import type { PayoutOrders } from './payout.orders.js';
import type { PayoutProcess } from './payout.process.js';
import type { PayoutQueries } from './payout.queries.js';
import { payoutFold, payoutStream } from './payout.js';

export interface PayoutCommandsParts {
  store: EventStore;
  orders: PayoutOrders;
  payouts: PayoutProcess;
  queries: PayoutQueries;
  models: SettlementModels;
  /** The bank that the hub pays through. */
  bank: string;
  clock: Clock;
}

/**
 * What operators ask of payouts, of the bank, and of lines that nothing matched.
 * @throws Problem with the refusal of the decider, for each of them
 */
export class PayoutCommands {
  readonly #assignments: LineAssignments;

  constructor(private readonly parts: PayoutCommandsParts) {
    this.#assignments = new LineAssignments(parts.store, parts.clock);
  }

  /**
   * Asks for a payout again that the ledger refused or the bank failed.
   * @param despite lines that named it and were refused: without them it is a `state_conflict`, as the bank may have paid
   */
  async retry(payoutId: string, { commandId, by }: Asked, despite?: readonly string[]): Promise<Answer> {
    return this.#answer(payoutStream(payoutId), commandId, await this.parts.payouts.askAgain(payoutId, { commandId, actor: by }, despite));
  }

  /** Gives a payout up: its amount is carried to the next settlement of its party. @param despite as of `retry` */
  async carry(payoutId: string, { commandId, by }: Asked, despite?: readonly string[]): Promise<Answer> {
    const { store, orders, models } = this.parts;
    const { state } = await load(store, payoutStream(payoutId), payoutFold);
    if (state.status === 'none') throw problemOf('not_found');
    // To where the party is settled by now: that may be another model than the one that pays it here.
    const model = (await models.partyModels(state.currency)).now(state.party);
    const command = { type: 'CarryPayout' as const, model, by, ...(despite && { despite }) };
    return this.#answer(payoutStream(payoutId), commandId, await orders.step(payoutId, command, { commandId, actor: by }));
  }

  /** Takes an operator's word for it that the bank never will carry out an instruction. Another person asks again, or carries it. */
  async declareFailed(payoutId: string, note: string, { commandId, by }: Asked): Promise<Answer> {
    const step = await this.parts.payouts.declareFailed(payoutId, note, { commandId, actor: by });
    return this.#answer(payoutStream(payoutId), commandId, step);
  }

  /** From the answer on, the bank is given nothing. */
  pause(bank: string, reason: string, { commandId, by }: Asked): Promise<Answer> {
    return this.#pause(bank, { type: 'PausePayouts', bank, by, reason, now: this.#now() }, commandId);
  }

  resume(bank: string, { commandId, by }: Asked): Promise<Answer> {
    return this.#pause(bank, { type: 'ResumePayouts', bank, by, now: this.#now() }, commandId);
  }

  /** Says whose prefunded money a line has brought that nothing has matched. */
  async proposeAssignment(bank: string, lineId: string, said: SaidOfLine, asked: Asked): Promise<Answer> {
    const { queries } = this.parts;
    const line = await queries.line(bank, lineId);
    if (!line) throw new Problem('not_found', `The bank ${bank} has no line ${lineId}.`);
    if (line.match.kind !== 'unmatched' || line.amountMinor <= 0n)
      throw new Problem('state_conflict', 'Only money that came in and waits in suspense is assigned.');
    if (!(await queries.isPayee(said.party))) throw new Problem('invalid', `There is no ${said.party}.`, 'party');
    const suspended = { bank, lineId, amountMinor: Number(line.amountMinor), currency: line.currency };
    return this.#assignments.propose(suspended, said, asked);
  }

  approveAssignment(lineId: string, proposalId: string, asked: Asked): Promise<Answer> {
    return this.#assignments.approve(lineId, proposalId, asked);
  }

  rejectAssignment(lineId: string, reason: string, asked: Asked): Promise<Answer> {
    return this.#assignments.reject(lineId, reason, asked);
  }

  async #pause(bank: string, command: BankPauseCommand, commandId: string): Promise<Answer> {
    if (bank !== this.parts.bank) throw new Problem('not_found', `The hub has no bank ${bank}.`);
    const stream = bankStream(bank);
    const decide = (state: BankPause) => decideBankPause(command, state);
    await handle<BankPause, BankEvent, ProblemCode>(this.parts.store, stream, bankPauseFold, decide, { commandId, actor: command.by });
    return this.#positionOf(stream);
  }

  /** A command that is repeated after its effect finds a state that would refuse it: the stream says that it was the one. */
  async #answer(stream: string, commandId: string, { refused }: OrderStep): Promise<Answer> {
    if (refused !== undefined) {
      const events = await this.parts.store.read(stream);
      if (!events.some(({ metadata }) => metadata.$causationId === commandId)) throw problemOf(refused);
    }
    return this.#positionOf(stream);
  }

  async #positionOf(stream: string): Promise<Answer> {
    return { position: (await this.parts.store.readLast(stream))?.position ?? 0n };
  }

  #now(): string {
    return this.parts.clock.now().toISOString();
  }
}

const details = {
  not_found: 'There is no such payout.',
  state_conflict: 'Not possible in its present state.',
  four_eyes: 'Somebody else must do this: you declared it failed.',
} as const satisfies Partial<Record<ProblemCode, string>>;

/** Lines are refused to the statement's process alone. */
function problemOf(refused: string): Problem {
  if (refused === 'not_found' || refused === 'state_conflict' || refused === 'four_eyes') return new Problem(refused, details[refused]);
  throw new Error(`an operator's command was refused as ${refused}`);
}
