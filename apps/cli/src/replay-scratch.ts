import type { EventStore } from '@tongbao/event-store';
import {
  compareWithLive,
  NotComparable,
  openPglite,
  openPostgres,
  ScratchProjection,
  SqlError,
  type LiveComparison,
  type Refusal,
} from '@tongbao/read-model';
import type { CommandContext } from './command-context.js';
import { CommandFailed, exitCodes, UsageError, type ExitCode } from './exit-codes.js';
import { projectionOf, type ProjectionName } from './hub-services.js';
import { eventsOf, rangeOf, type GivenRange, type LogRange } from './log-range.js';
import { settingsOf, type GivenAddresses } from './ops-settings.js';
import { PositionBar } from './position-bar.js';
import { differencesText } from './projections.command.js';
import { countText, durationText, textTable, type Cell } from './text-table.js';

export interface ScratchOptions extends GivenAddresses, GivenRange {
  projection: ProjectionName;
  sql?: string;
  table?: string;
  limit: number;
  compare: boolean;
}

/** What was folded, and what there is to see of it. */
interface Folded {
  projection: string;
  events: number;
  seconds: number;
  /** The range ends here. */
  position: bigint;
  /** Events that need something from before the range, by their types. */
  leftOut: Record<string, number>;
  tables: { table: string; rows: number }[];
}

const batchSize = 4_000;
const liveWithinMs = 30_000;

/** Folds a range of the log into a database in memory, and shows what came of it. */
export async function replayIntoScratch(context: CommandContext, options: ScratchOptions): Promise<ExitCode> {
  const projection = await projectionOf(options.projection);
  refuseMixes(options);
  const store = context.store();
  const range = await rangeOf(store, options, projection.categories);
  const database = await openPglite('memory');
  try {
    const scratch = await ScratchProjection.open(database, projection);
    const folded = await fold(context, scratch, store, range);
    if (options.compare) return await compare(context, scratch, store, range, { ...options, folded });
    const rows = await asked(scratch, options);
    context.show({ ...folded, ...(rows && { rows }) }, () => `${foldedText(folded)}\n\n${rows ? rowsText(rows) : countsText(folded)}`);
    return exitCodes.ok;
  } finally {
    await database.close();
  }
}

function refuseMixes({ compare: isCompare, from, to, stream, sql, table }: ScratchOptions): void {
  if (sql !== undefined && table !== undefined) throw new UsageError('Name --sql or --table, not both.');
  if (!isCompare) return;
  if (from !== undefined || to !== undefined || stream !== undefined)
    throw new UsageError('The live rows are folded from the whole log: --compare takes no range.');
  if (sql !== undefined || table !== undefined) throw new UsageError('--compare shows what differs, and neither --sql nor --table.');
}

async function fold(context: CommandContext, scratch: ScratchProjection, store: EventStore, range: LogRange): Promise<Folded> {
  const { name } = scratch.projection;
  const startedMs = performance.now();
  const io = context.options.json ? { ...context.io, isTerminal: false } : context.io;
  const bar = new PositionBar(io, name, range.after, range.to);
  const refused: Refusal[] = [];
  let events = 0;
  try {
    for await (const batch of eventsOf(store, range))
      for (let start = 0; start < batch.length; start += batchSize) {
        const part = batch.slice(start, start + batchSize);
        if (range.isPart) refused.push(...(await scratch.foldPart(part)));
        else await scratch.fold(part);
        events += part.length;
        bar.reached(part.at(-1)?.position ?? range.after, events);
      }
  } finally {
    bar.end();
  }
  const leftOut: Record<string, number> = {};
  for (const { stored } of refused) leftOut[stored.event.type] = (leftOut[stored.event.type] ?? 0) + 1;
  const seconds = (performance.now() - startedMs) / 1_000;
  return { projection: name, events, seconds, position: range.to, leftOut, tables: await scratch.counts() };
}

async function asked(scratch: ScratchProjection, { sql, table, limit }: ScratchOptions): Promise<object[] | undefined> {
  const query = sql ?? (table === undefined ? undefined : firstRows(scratch, table, limit));
  if (query === undefined) return undefined;
  try {
    return await scratch.client.query(query);
  } catch (error) {
    if (error instanceof SqlError) throw new CommandFailed(`the query is refused: ${error.message}`, { cause: error });
    throw error;
  }
}

function firstRows(scratch: ScratchProjection, table: string, limit: number): string {
  const { shapes } = scratch.generation;
  const shape = shapes.find(({ name }) => name === table);
  if (!shape) throw new UsageError(`There is no table ${table}; there are: ${shapes.map(({ name }) => name).join(', ')}.`);
  return `SELECT * FROM "${table}" ORDER BY ${shape.key.map(({ name }) => `"${name}"`).join(', ')} LIMIT ${limit}`;
}

function foldedText({ projection, events, seconds, position, leftOut }: Folded): string {
  const rate = seconds > 0 ? `, ${countText(Math.round(events / seconds))} events/s` : '';
  const whole = `${projection}: ${countText(events)} events folded in ${durationText(seconds * 1_000)}${rate}, up to position ${position}.`;
  const kinds = Object.entries(leftOut).map(([type, count]) => `${countText(count)} ${type}`);
  return kinds.length === 0 ? whole : `${whole}\nLeft out, for they need what comes before the range: ${kinds.join(', ')}.`;
}

const countsText = ({ tables }: Folded): string =>
  textTable(
    [{ title: 'table' }, { title: 'rows', align: 'right' }],
    tables.map(({ table, rows }) => [table, countText(rows)]),
  );

function rowsText(rows: readonly object[]): string {
  const [first] = rows;
  if (!first) return 'No rows.';
  return textTable(
    Object.keys(first).map((title) => ({ title })),
    rows.map((row) => Object.values(row).map(cellOf)),
  );
}

function cellOf(value: unknown): Cell {
  if (value === null || value === undefined) return undefined;
  return typeof value === 'string' || typeof value === 'number' ? value : JSON.stringify(value);
}

interface CompareOptions extends ScratchOptions {
  folded: Folded;
}

async function compare(
  context: CommandContext,
  scratch: ScratchProjection,
  store: EventStore,
  range: LogRange,
  options: CompareOptions,
): Promise<ExitCode> {
  const { position, differences } = await comparison(scratch, store, range, options);
  const equal = differences.length === 0;
  context.show({ ...options.folded, tables: await scratch.counts(), position, equal, differences }, () => {
    const folded = foldedText({ ...options.folded, position });
    return equal ? `${folded}\nEqual to the live rows.` : `${folded}\nNOT equal to the live rows:\n${differencesText(differences)}`;
  });
  return equal ? exitCodes.ok : exitCodes.failed;
}

async function comparison(
  scratch: ScratchProjection,
  store: EventStore,
  range: LogRange,
  options: CompareOptions,
): Promise<LiveComparison> {
  const { databaseUrl } = settingsOf(options);
  if (databaseUrl === '') throw new UsageError('Name the database with --database, or with DATABASE_URL.');
  const live = await openPostgres({ url: databaseUrl, connections: 2, applicationName: 'tongbao-cli' });
  const reach = async (to: bigint) => {
    for await (const events of eventsOf(store, { ...range, after: scratch.position, to })) await scratch.fold(events);
    await scratch.reach(to);
  };
  try {
    return await compareWithLive(live, scratch, reach, liveWithinMs);
  } catch (error) {
    if (error instanceof NotComparable) throw new CommandFailed(error.message, { cause: error });
    throw error;
  } finally {
    await live.close();
  }
}
