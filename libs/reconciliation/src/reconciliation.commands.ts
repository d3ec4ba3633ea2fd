import type { BankLineExplanationEvent, BreakEvent, ProblemCode, ReconciliationTerms, ReconciliationTermsSet } from '@tongbao/contracts';
import { handle, type EventStore, type Fold, type Decision, type DomainEvent } from '@tongbao/event-store';
import { toSafeInteger } from '@tongbao/money';
import { Problem, type Answer, type Asked, type Clock } from '@tongbao/service';
import { bankLineFold, bankLineStream, decideBankLine, type BankLineCommand } from './bank-line.js';
import { decideBill } from './bill.decide.js';
import { billFold, billStream } from './bill.js';
import { decideBreak, type BreakCommand } from './break.decide.js';
import { breakFold, breakStream } from './break.js';
import { billsOf, type DayProcess } from './day.process.js';
import type { ReconciliationQueries } from './reconciliation.queries.js';
import { runStream } from './run.js';
import { decideTerms, termsFold, termsProblem, termsStream } from './terms.js';

/** A command without who asks and when. */
type Said<Command extends { by: string; now: string }> = Omit<Command, 'by' | 'now'>;
type BreakOrder = Exclude<BreakCommand, { type: 'RecordFound' | 'RecordExplained' }>;
/** Of a union, each member without its fields. */
type Each<Command extends { by: string; now: string }> = Command extends unknown ? Said<Command> : never;

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

  async setTerms(provider: string, terms: ReconciliationTerms, asked: Asked): Promise<Answer> {
    const problem = termsProblem(terms);
    if (problem !== undefined) throw new Problem('invalid', problem);
    return this.#decide<ReturnType<typeof termsFold.evolve>, ReconciliationTermsSet>(termsStream(provider), termsFold, asked, (state) =>
      decideTerms({ provider, terms, by: asked.by, now: this.#now() }, state),
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

  onBreak(breakId: string, command: Each<BreakOrder>, asked: Asked): Promise<Answer> {
    // Each member of the union is what it was, with the two fields that it lacked.
    const order = { ...command, by: asked.by, now: this.#now() };
    return this.#decide<ReturnType<typeof breakFold.evolve>, BreakEvent>(breakStream(breakId), breakFold, asked, (state) =>
      decideBreak(order, state),
    );
  }

  async onBankLine(
    { bank, lineId }: { bank: string; lineId: string },
    command:
      | { type: 'ProposeExplanation'; account: string; note: string }
      | { type: 'RejectExplanation'; note: string }
      | { type: 'ApproveExplanation' },
    asked: Asked,
  ): Promise<Answer> {
    const row = await this.queries.bankLine(bank, lineId);
    if (!row || row.provider !== null) throw new Problem('not_found', `The bank ${bank} has no line ${lineId} that waits to be explained.`);
    if (row.status === 'assigned') throw problemOf('state_conflict');
    const line = { bank, lineId, amountMinor: toSafeInteger(row.amountMinor), currency: row.currency };
    const who = { by: asked.by, now: this.#now() };
    const order: BankLineCommand = command.type === 'ProposeExplanation' ? { ...command, line, ...who } : { ...command, ...who };
    return this.#decide<ReturnType<typeof bankLineFold.evolve>, BankLineExplanationEvent>(
      bankLineStream(bank, lineId),
      bankLineFold,
      asked,
      (state) => decideBankLine(order, state),
    );
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
  currency_mismatch: 'The break is not in this currency.',
  account_not_allowed: 'Nothing of this may be booked to that account; an entry of the ledger may be.',
  exceeds_difference: 'A correction comes to no more than what differs.',
  four_eyes: 'Whoever asked for it may not approve it.',
  state_conflict: 'Not possible in its present state.',
};

export const problemOf = (code: ProblemCode): Problem => new Problem(code, details[code] ?? code);
