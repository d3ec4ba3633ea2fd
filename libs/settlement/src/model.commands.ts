import type { AssignmentEvent, CalendarEvent, ModelEvent, Party, ProblemCode, SettlementModelTerms } from '@tongbao/contracts';
import { handle, load, type DomainEvent, type EventStore, type Handled } from '@tongbao/event-store';
import { Problem, type Answer, type Asked, type Clock } from '@tongbao/service';
import { decideAssignment, type AssignmentCommand, type AssignmentRefusal } from './assignment.decide.js';
import { assignmentFold, assignmentStream, type AssignmentState } from './assignment.js';
import { calendarProblem, decideCalendar, type CalendarDays, type CalendarRefusal } from './calendar.decide.js';
import { calendarFold, calendarStream, type CalendarState } from './calendar.js';
import { decideModel, type ModelCommand, type ModelRefusal } from './model.decide.js';
import { modelProblem, type FieldProblem } from './model.rules.js';
import { modelFold, modelStream, termsOf, type ModelState } from './model.js';
import { defaultModel, type SettlementModel } from './models.js';

/** By which model a party is settled in a currency, and in which other one it is paid. */
export interface PartyTerms {
  currency: string;
  model: string;
  payIn?: string;
}

/**
 * What operators say of models, of who is on which, and of calendars. Terms and assignments count once a second person has approved them: they
 * decide on who is paid when, and how much of it nobody looks at.
 * @throws Problem with the refusal of the decider, for each of them
 */
export class ModelCommands {
  constructor(
    private readonly store: EventStore,
    private readonly clock: Clock,
  ) {}

  /** The models that the settings give, where the hub does not have them yet. */
  async setFirstTerms(models: readonly SettlementModel[]): Promise<void> {
    for (const { name, currency, ...terms } of models) {
      const command: ModelCommand = { type: 'SetFirstTerms', name, currency, terms, now: this.#now() };
      const { outcome } = await this.#model(name, currency, command, { commandId: `${modelStream(name, currency)} first`, by: 'hub' });
      if (outcome === 'refused')
        throw new Error(`the settings of the model ${name} for ${currency}: ${problemIn(modelProblem(name, currency, terms))}`);
    }
  }

  async proposeModel(name: string, currency: string, terms: SettlementModelTerms, asked: Asked): Promise<Answer & { version: number }> {
    const calendar = terms.schedule?.calendar;
    const calendarExists = calendar === undefined || (await this.#has(calendarStream(calendar)));
    const command: ModelCommand = {
      type: 'ProposeModel',
      name,
      currency,
      terms: termsOf(terms),
      calendarExists,
      by: asked.by,
      now: this.#now(),
    };
    const handled = await this.#model(name, currency, command, asked);
    if (handled.outcome === 'refused') {
      if (handled.refusal === 'invalid') throw invalid(modelProblem(name, currency, terms));
      throw new Problem(handled.refusal, `There is no calendar ${calendar ?? ''}.`, 'schedule.calendar');
    }
    const { set, proposed } = handled.state;
    return { version: (proposed ?? set)?.version ?? 0, ...(await this.#answer(modelStream(name, currency))) };
  }

  async approveModel(name: string, currency: string, version: number, asked: Asked): Promise<Answer> {
    const command: ModelCommand = { type: 'ApproveModel', version, by: asked.by, now: this.#now() };
    const handled = await this.#model(name, currency, command, asked);
    if (handled.outcome === 'refused') throw problemOf(handled.refusal, `${name} for ${currency}`, 'version');
    return this.#answer(modelStream(name, currency));
  }

  async proposePartyModel(party: Party, terms: PartyTerms, asked: Asked): Promise<Answer> {
    const { currency, model, payIn } = terms;
    // Every currency that the hub settles has the default model.
    if (payIn !== undefined && !(await this.#isSet(defaultModel, payIn)))
      throw new Problem('currency_unsupported', `The hub does not settle ${payIn}.`, 'payIn');
    const exists = {
      party: await this.#has(`participant-${party}`),
      model: model === defaultModel || (await this.#isSet(model, currency)),
    };
    const command: AssignmentCommand = { type: 'ProposePartyModel', party, ...terms, exists, by: asked.by, now: this.#now() };
    const handled = await this.#assignment(party, command, asked);
    if (handled.outcome === 'refused') {
      if (!exists.party) throw new Problem('not_found', `There is no ${party}.`);
      throw new Problem(handled.refusal, `There is no model ${model} for ${currency}.`, 'model');
    }
    return this.#answer(assignmentStream(party));
  }

  async approvePartyModel(party: Party, terms: PartyTerms, asked: Asked): Promise<Answer> {
    const { currency } = terms;
    const command: AssignmentCommand = { type: 'ApprovePartyModel', ...terms, by: asked.by, now: this.#now() };
    const handled = await this.#assignment(party, command, asked);
    if (handled.outcome === 'refused') throw problemOf(handled.refusal, `${party} in ${currency}`, 'model');
    return this.#answer(assignmentStream(party));
  }

  async setCalendar(name: string, days: CalendarDays, { commandId, by }: Asked): Promise<Answer & { version: number }> {
    const stream = calendarStream(name);
    const handled = await handle<CalendarState, CalendarEvent, CalendarRefusal>(
      this.store,
      stream,
      calendarFold,
      (state) => decideCalendar({ type: 'SetCalendar', name, days, by, now: this.#now() }, state),
      { commandId, actor: by },
    );
    if (handled.outcome === 'refused') throw invalid(calendarProblem(name, days));
    return { version: handled.state.set?.version ?? 0, ...(await this.#answer(stream)) };
  }

  #model(name: string, currency: string, command: ModelCommand, asked: Asked): Promise<Handled<ModelState, ModelEvent, ModelRefusal>> {
    const decide = (state: ModelState) => decideModel(command, state);
    return handle(this.store, modelStream(name, currency), modelFold, decide, { commandId: asked.commandId, actor: asked.by });
  }

  #assignment(
    party: Party,
    command: AssignmentCommand,
    { commandId, by }: Asked,
  ): Promise<Handled<AssignmentState, AssignmentEvent, AssignmentRefusal>> {
    const decide = (state: AssignmentState) => decideAssignment(command, state);
    return handle(this.store, assignmentStream(party), assignmentFold, decide, { commandId, actor: by });
  }

  async #isSet(model: string, currency: string): Promise<boolean> {
    const { state } = await load<ModelState, ModelEvent>(this.store, modelStream(model, currency), modelFold);
    return state.set !== undefined;
  }

  async #has(stream: string): Promise<boolean> {
    return (await this.store.read<DomainEvent>(stream, { limit: 1 })).length > 0;
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
  not_found: 'nothing has been proposed.',
  state_conflict: 'something else has been proposed meanwhile.',
  four_eyes: 'whoever proposed it may not approve it.',
};

const problemOf = (code: ProblemCode, about: string, field: string): Problem =>
  new Problem(code, `${about}: ${details[code] ?? code}`, ...(code === 'state_conflict' ? [field] : []));

const invalid = (problem: FieldProblem | undefined): Problem => new Problem('invalid', problemIn(problem), problem?.field);

const problemIn = (problem: FieldProblem | undefined): string => problem?.detail ?? 'A field is invalid.';
