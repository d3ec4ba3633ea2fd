import {
  isParty,
  type BankLineExplanationEvent,
  type BreakEvent,
  type DepositEvent,
  type ProblemCode,
  type ReconciliationTermsEvent,
} from '@tongbao/contracts';
import { handle, load, type EventStore, type Fold, type Decision, type DomainEvent } from '@tongbao/event-store';
import { toSafeInteger } from '@tongbao/money';
import { Problem, type Answer, type Asked, type Clock } from '@tongbao/service';
import { bankLineFold, bankLineStream, decideBankLine, type BankLineCommand, type LineState, type UnmatchedLine } from './bank-line.js';
import { decideBill } from './bill.decide.js';
import { billFold, billStream } from './bill.js';
import { decideBreak, type BreakCommand } from './break.decide.js';
import { breakFold, breakStream } from './break.js';
import { billsOf, type DayProcess } from './day.process.js';
import { lineDepositFold, lineDepositStream, type LineDeposit } from './line-deposit.js';
import type { ReconciliationQueries } from './reconciliation.queries.js';
import { runStream } from './run.js';
import { decideTerms, termsFold, termsProblem, termsStream, type TermsCommand, type TermsState } from './terms.js';

/** A command without who asks and when. */
type Said<Command extends { by: string; now: string }> = Omit<Command, 'by' | 'now'>;
type BreakOrder = Exclude<BreakCommand, { type: 'RecordFound' | 'RecordExplained' }>;
/** Of a union, each member without its fields. */
type Each<Command extends { by: string; now: string }> = Command extends unknown ? Said<Command> : never;
export type BreakRequest = Each<BreakOrder>;

export type TermsRequest = Each<TermsCommand>;

export type BankLineRequest =
  | { type: 'ProposeExplanation'; proposalId: string; account: string; note: string }
  | { type: 'RejectExplanation'; note: string }
  | { type: 'ApproveExplanation'; proposalId: string };

/**
 * What operators ask of reconciliation.
 * @throws Problem with the refusal of the decider, for each of them
 */
export class ReconciliationCommands {
  constructor(
    private readonly store: EventStore,
    private readonly queries: ReconciliationQueries,
    private readonly days: DayProcess,
    private readonly clock: Clock,
  ) {}

  async onTerms(provider: string, command: TermsRequest, asked: Asked): Promise<Answer> {
    const problem = command.type === 'ProposeTerms' ? termsProblem(command.terms) : undefined;
    if (problem !== undefined) throw new Problem('invalid', problem);
    const order = { ...command, by: asked.by, now: this.#now() };
    return this.#decide<TermsState, ReconciliationTermsEvent>(termsStream(provider), termsFold, asked, (state) =>
      decideTerms(order, state),
    );
  }

  acceptBill(billId: string, note: string, asked: Asked): Promise<Answer> {
    const command = { type: 'AcceptBill', note, by: asked.by, now: this.#now() } as const;
    return this.#decide(billStream(billId), billFold, asked, (state) => decideBill(command, state));
  }

  /** Compares a day now, with the bills that it has. */
  async startRun(provider: string, day: string, asked: Asked): Promise<Answer & { runId: string }> {
    const row = await this.queries.day(provider, day);
    if (!row) throw new Problem('not_found', `There is no bill of ${provider} for ${day} that can be used.`);
    const stream = runStream(provider, day);
    const handled = await this.days.start(provider, day, billsOf(row), asked);
    if (handled.outcome === 'refused') await this.#unlessDone(stream, asked.commandId, handled.refusal);
    return { runId: handled.state.last?.started.runId ?? '', ...(await this.#answer(stream)) };
  }

  onBreak(breakId: string, command: BreakRequest, asked: Asked): Promise<Answer> {
    // Each member of the union is what it was, with the two fields that it lacked.
    const order = { ...command, by: asked.by, now: this.#now() };
    return this.#decide<ReturnType<typeof breakFold.evolve>, BreakEvent>(breakStream(breakId), breakFold, asked, (state) =>
      decideBreak(order, state),
    );
  }

  async onBankLine({ bank, lineId }: { bank: string; lineId: string }, command: BankLineRequest, asked: Asked): Promise<Answer> {
    const row = await this.queries.bankLine(bank, lineId);
    if (!row || row.provider !== null) throw new Problem('not_found', `The bank ${bank} has no line ${lineId} that waits to be explained.`);
    if (row.status === 'assigned') throw problemOf('state_conflict');
    const line = { bank, lineId, amountMinor: toSafeInteger(row.amountMinor), currency: row.currency };
    const order = await this.#bankLineOrder(line, command, { by: asked.by, now: this.#now() });
    return this.#decide<ReturnType<typeof bankLineFold.evolve>, BankLineExplanationEvent>(
      bankLineStream(bank, lineId),
      bankLineFold,
      asked,
      (state) => decideBankLine(order, state),
    );
  }

  /**
   * With what other streams say. That is read first, and may be outdated when the line's own stream is decided on; but what refuses here never comes to be
   * untrue later, and what must not happen twice is decided on the line's stream alone.
   */
  async #bankLineOrder(line: UnmatchedLine, command: BankLineRequest, who: { by: string; now: string }): Promise<BankLineCommand> {
    if (command.type === 'RejectExplanation') return { ...command, ...who };
    const { bank, lineId } = line;
    const { state: deposit } = await load<LineDeposit, DepositEvent>(this.store, lineDepositStream(lineId), lineDepositFold);
    if (command.type === 'ProposeExplanation')
      return { ...command, line, deposit, accountExists: await this.#exists(command.account), ...who };
    const { state } = await load<LineState, BankLineExplanationEvent>(this.store, bankLineStream(bank, lineId), bankLineFold);
    return { ...command, deposit, accountExists: await this.#exists(state.proposal?.account ?? ''), ...who };
  }

  /** Parties begin with their registration; the other accounts that a line may be of exist by themselves. */
  async #exists(account: string): Promise<boolean> {
    return !isParty(account) || (await this.store.read(`participant-${account}`, { limit: 1 })).length > 0;
  }

  async #decide<S, E extends DomainEvent>(
    stream: string,
    fold: Fold<S, E>,
    { commandId, by }: Asked,
    decide: (state: S) => Decision<E, ProblemCode>,
  ): Promise<Answer> {
    if (!(await this.#isDone(stream, commandId))) {
      const handled = await handle<S, E, ProblemCode>(this.store, stream, fold, decide, { commandId, actor: by });
      if (handled.outcome === 'refused') await this.#unlessDone(stream, commandId, handled.refusal);
    }
    return this.#answer(stream);
  }

  /** A command that is repeated after its effect finds a state that would refuse it: the stream says that it was the one. */
  async #unlessDone(stream: string, commandId: string, refusal: ProblemCode): Promise<void> {
    if (!(await this.#isDone(stream, commandId))) throw problemOf(refusal);
  }

  async #isDone(stream: string, commandId: string): Promise<boolean> {
    const events = await this.store.read(stream);
    return events.some(({ metadata }) => metadata.$causationId === commandId);
  }

  async #answer(stream: string): Promise<Answer> {
    const last = await this.store.readLast(stream);
    return { position: last?.position ?? 0n };
  }

  #now(): string {
    return this.clock.now().toISOString();
  }
}

const details: Partial<Record<ProblemCode, string>> = {
  not_found: 'There is no such bill, break or line.',
  invalid: 'A correction has one to ten transfers.',
  account_not_found: 'Nobody has registered that party.',
  currency_mismatch: 'The break is not in this currency.',
  account_not_allowed: 'Nothing of this may be booked to that account; an entry of the ledger may be.',
  exceeds_difference: 'A correction comes to no more than what differs.',
  four_eyes: 'Whoever asked for it may not approve it.',
  state_conflict: 'Not possible in its present state.',
};

export const problemOf = (code: ProblemCode): Problem => new Problem(code, details[code] ?? code);
