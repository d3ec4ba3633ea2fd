import type { CalendarSet, PartyModelProposed, SettlementModelProposed, SettlementModelSet } from '@tongbao/contracts';
import { drizzleOver, type Database, type SqlClient } from '@tongbao/read-model';
import { toPage, type Page } from '@tongbao/service';
import { and, asc, desc, eq, gt } from 'drizzle-orm';
import type { AssignedModels } from './assignment.history.js';
import { calendars, models, modelVersions, partyModels } from './model.tables.js';
import { termsOf } from './model.js';
import type { SettlementQueries } from './settlement.queries.js';
import type { RowOf } from './settlement.rows.js';

/** Models, who is on them, and calendars, as the API shows them. */
export class ModelViews {
  readonly #database: Database;

  constructor(
    sql: SqlClient,
    private readonly queries: SettlementQueries,
  ) {
    this.#database = drizzleOver(sql);
  }

  async models(currency: string | undefined): Promise<object[]> {
    const ofCurrency = currency === undefined ? undefined : eq(models.currency, currency);
    const rows = await this.#database.select().from(models).where(ofCurrency).orderBy(asc(models.currency), asc(models.name));
    return rows.map(modelSummary);
  }

  /** What counts, what is proposed, and every version that ever counted, the newest first. */
  async model(name: string, currency: string): Promise<object | undefined> {
    const [row] = await this.#database
      .select()
      .from(models)
      .where(and(eq(models.name, name), eq(models.currency, currency)));
    if (!row) return undefined;
    const versions = await this.#database
      .select()
      .from(modelVersions)
      .where(and(eq(modelVersions.name, name), eq(modelVersions.currency, currency)))
      .orderBy(desc(modelVersions.version));
    return { ...modelSummary(row), versions: versions.map(({ terms, position }) => ({ ...setTerms(terms), position: String(position) })) };
  }

  /** By currency; in a currency without a row the party is on the default model. */
  async partyModels(party: string): Promise<object[]> {
    const rows = await this.#database.select().from(partyModels).where(eq(partyModels.party, party)).orderBy(asc(partyModels.currency));
    const assigned = new Map<string, AssignedModels>();
    for (const { currency } of rows) assigned.set(currency, await this.queries.partyModels(currency));
    return rows.map((row) => partyModel(row, assigned.get(row.currency)?.now(party)));
  }

  /** Parties that were put on a model of a currency, in the order of their names. */
  async assignedParties(currency: string, limit: number, after: string[] | undefined): Promise<Page<object>> {
    const rows = await this.#database
      .select()
      .from(partyModels)
      .where(and(eq(partyModels.currency, currency), after && gt(partyModels.party, after[0] ?? '')))
      .orderBy(asc(partyModels.party))
      .limit(limit + 1);
    const assigned = await this.queries.partyModels(currency);
    return toPage(
      rows,
      limit,
      ({ party }) => [party],
      (row) => partyModel(row, assigned.now(row.party)),
    );
  }

  async calendars(): Promise<object[]> {
    const rows = await this.#database.select().from(calendars).orderBy(asc(calendars.name));
    return rows.map(({ current }) => calendarOf(current));
  }

  async calendar(name: string): Promise<object | undefined> {
    const [row] = await this.#database.select().from(calendars).where(eq(calendars.name, name));
    return row && calendarOf(row.current);
  }
}

const modelSummary = ({ name, currency, current, proposed }: RowOf<'models'>): object => ({
  name,
  currency,
  ...(current && setTerms(current)),
  ...(proposed && { proposed: proposedTerms(proposed) }),
});

const setTerms = (set: SettlementModelSet): object => ({
  version: set.version,
  ...termsOf(set),
  by: set.by,
  approvedBy: set.approvedBy ?? null,
  setAt: set.setAt,
});

const proposedTerms = (proposed: SettlementModelProposed): object => ({
  version: proposed.version,
  ...termsOf(proposed),
  by: proposed.by,
  proposedAt: proposed.proposedAt,
});

/** The model that the party is on, and the one that it changes to once the window that is named closes. */
function partyModel({ party, currency, steps, payIn, proposed }: RowOf<'partyModels'>, now: string | undefined): object {
  const last = steps.at(-1);
  const before = steps.at(-2);
  return {
    party,
    currency,
    model: now,
    ...(payIn !== null && { payIn }),
    ...(last && last.model !== now && { next: { model: last.model, afterWindow: before?.lastWindowId } }),
    ...(proposed && { proposed: proposedModel(proposed) }),
  };
}

const proposedModel = ({ model, payIn, by, proposedAt }: PartyModelProposed): object => ({
  model,
  ...(payIn !== undefined && { payIn }),
  by,
  proposedAt,
});

const calendarOf = ({ name, version, weekend, holidays, workdays, by, setAt }: CalendarSet): object => ({
  name,
  version,
  weekend,
  holidays,
  workdays,
  by,
  setAt,
});
