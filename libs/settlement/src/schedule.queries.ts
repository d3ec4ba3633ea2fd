import type { CalendarSet } from '@tongbao/contracts';
import { drizzleOver, type Database, type SqlClient } from '@tongbao/read-model';
import { and, asc, eq, inArray, sql as text } from 'drizzle-orm';
import { alias } from 'drizzle-orm/pg-core';
import { calendars, modelVersions } from './model.tables.js';
import type { ClosedWindow, OpenWindow, WindowBefore } from './schedule.decide.js';
import { pastAbort } from './settlement.decide.js';
import { currentWindows, settlements, windows } from './settlement.tables.js';

const before = alias(windows, 'before');
const itsSettlement = alias(settlements, 'its_settlement');

/** What is to be known of windows and models to tell which are due, by the projection. */
export class ScheduleQueries {
  readonly #database: Database;

  constructor(sql: SqlClient) {
    this.#database = drizzleOver(sql);
  }

  async calendars(): Promise<CalendarSet[]> {
    return (await this.#database.select().from(calendars)).map(({ current }) => current);
  }

  /** The windows that take in what comes now. */
  async openWindows(): Promise<OpenWindow[]> {
    const rows = await this.#database
      .select({ window: windows, ...aboutBefore })
      .from(currentWindows)
      .innerJoin(windows, eq(windows.windowId, currentWindows.windowId))
      .leftJoin(before, isBefore)
      .leftJoin(itsSettlement, eq(itsSettlement.settlementId, before.settlementId));
    return rows.map(({ window, ...rest }) => ({
      windowId: window.windowId,
      model: window.model,
      currency: window.currency,
      openedAt: window.openedAt,
      facts: window.facts,
      before: beforeOf(rest),
    }));
  }

  /** Windows that no settlement has, in the order of model, currency and sequence; each with the terms that settle it. */
  async closedWindows(): Promise<ClosedWindow[]> {
    const rows = await this.#database
      .select({ window: windows, ...aboutBefore })
      .from(windows)
      .leftJoin(before, isBefore)
      .leftJoin(itsSettlement, eq(itsSettlement.settlementId, before.settlementId))
      .where(eq(windows.state, 'closed'))
      .orderBy(asc(windows.model), asc(windows.currency), asc(windows.sequence));
    if (rows.length === 0) return [];
    const names = [...new Set(rows.map(({ window }) => window.model))];
    const versions = await this.#database
      .select()
      .from(modelVersions)
      .where(inArray(modelVersions.name, names))
      .orderBy(asc(modelVersions.version));
    return rows.flatMap(({ window, ...rest }): ClosedWindow[] => {
      const { windowId, model, currency, closedAt, cutOff } = window;
      const ofModel = versions.filter((version) => version.name === model && version.currency === currency);
      const terms = (ofModel.findLast(({ position }) => cutOff !== null && position < cutOff) ?? ofModel[0])?.terms;
      return terms && closedAt !== null ? [{ windowId, model, currency, closedAt, terms, before: beforeOf(rest) }] : [];
    });
  }
}

const aboutBefore = {
  beforeId: before.windowId,
  beforeState: before.state,
  beforeClosedAt: before.closedAt,
  settlementStatus: itsSettlement.status,
};

const isBefore = and(
  eq(before.model, windows.model),
  eq(before.currency, windows.currency),
  eq(before.sequence, text`${windows.sequence} - 1`),
);

interface AboutBefore {
  beforeId: string | null;
  beforeState: string | null;
  beforeClosedAt: string | null;
  settlementStatus: string | null;
}

const beforeOf = ({ beforeId, beforeState, beforeClosedAt, settlementStatus }: AboutBefore): WindowBefore | undefined =>
  beforeId === null || beforeClosedAt === null
    ? undefined
    : { closedAt: beforeClosedAt, isThrough: beforeState === 'settled' || pastAbort.some((status) => status === settlementStatus) };
