import type { ObligationReported, ProblemCode } from '@tongbao/contracts';
import { load, type EventStore } from '@tongbao/event-store';
import { Problem, type Answer, type Asked } from '@tongbao/service';
import { positionStream } from './liquidity.js';
import type { SettlementModels } from './models.js';
import type { ObligationViews } from './obligation.view.js';
import type { AnswerCommand } from './position.decide.js';
import { PositionKeeper } from './position.process.js';
import type { RowOf } from './settlement.rows.js';
import { settlementFold, settlementStream } from './settlement.js';

type Outcome = ObligationReported['outcome'];

/**
 * What is said of debts that platforms settle between them. One person reports what has become of one; another one, or the creditor itself, confirms that.
 * @throws Problem with the refusal of the decider, for each of them
 */
export class ObligationCommands {
  readonly #positions: PositionKeeper;

  constructor(
    private readonly store: EventStore,
    private readonly views: ObligationViews,
    private readonly models: SettlementModels,
  ) {
    this.#positions = new PositionKeeper(store);
  }

  report(obligationId: string, outcome: Outcome, note: string, asked: Asked): Promise<Answer> {
    return this.#answer(obligationId, asked, ({ creditor }) => ({ type: 'ReportObligation', creditor, outcome, by: asked.by, note }));
  }

  reject(obligationId: string, note: string, asked: Asked): Promise<Answer> {
    return this.#answer(obligationId, asked, ({ creditor }) => ({ type: 'RejectReport', creditor, by: asked.by, note }));
  }

  /** Where the hub takes it back, it goes to the models that both are on by now. */
  confirm(obligationId: string, outcome: Outcome, asked: Asked): Promise<Answer> {
    return this.#answer(obligationId, asked, async ({ debtor, creditor, currency }) => {
      const models = await this.models.partyModels(currency);
      const [debtorModel, creditorModel] = [models.now(debtor), models.now(creditor)];
      return { type: 'ConfirmReport', creditor, outcome, by: asked.by, debtorModel, creditorModel };
    });
  }

  async #answer(
    obligationId: string,
    { commandId, by }: Asked,
    commandOf: (row: RowOf<'directObligations'>) => AnswerCommand | Promise<AnswerCommand>,
  ): Promise<Answer> {
    const row = await this.views.one(obligationId);
    if (!row || !isConcerned(by, row)) throw problemOf('not_found');
    const { state } = await load(this.store, settlementStream(row.settlementId), settlementFold);
    if (state.status === 'none') throw new Error(`${obligationId} belongs to ${row.settlementId}, which does not exist`);
    const handled = await this.#positions.answer(state, row.debtor, await commandOf(row), { commandId, actor: by });
    if (handled.outcome === 'refused' && !(await this.#isDone(row.debtor, handled.revision, commandId))) throw problemOf(handled.refusal);
    const last = await this.store.readLast(positionStream(row.debtor));
    return { position: last?.position ?? 0n };
  }

  /** A command that is repeated after its effect finds a state that would refuse it: the stream says that it was the one. */
  async #isDone(debtor: string, revision: number | undefined, commandId: string): Promise<boolean> {
    const events = await this.store.read(positionStream(debtor), { backwards: true, from: revision ?? 'end', limit: repeatsAmong });
    return events.some(({ metadata }) => metadata.$causationId === commandId);
  }
}

/** A command is repeated soon, when it is. */
const repeatsAmong = 200;

/** To a platform that has no part in it, it does not exist. */
const isConcerned = (by: string, { debtor, creditor }: RowOf<'directObligations'>): boolean =>
  !by.startsWith('platform:') || by === debtor || by === creditor;

const details: Partial<Record<ProblemCode, string>> = {
  not_found: 'There is no such obligation.',
  state_conflict: 'Not possible in its present state: another report may have taken the place of the one that was read.',
  forbidden: 'A creditor confirms that it was paid, and nothing else.',
  four_eyes: 'Somebody else than who reported it must confirm it.',
};

const problemOf = (code: ProblemCode): Problem => new Problem(code, details[code] ?? code);
