import { Problem, encodeCursor, pageOf, type PageQuery } from '@tongbao/service';
import { toSafeInteger } from '@tongbao/money';
import type { SqlClient } from '@tongbao/read-model';
import type { FinanceOptions } from './finance.options.js';
import type { FinanceReads, Snapshot } from './finance.reads.js';
import { positionBefore } from './log-moments.js';
import { boundIn } from './period.js';
import { cursorOf, integerOf, orderedPeriod } from './query-params.js';
import { statementIdOf } from './statement.identity.js';
import type { StatementPrinter } from './statement.pdf.js';
import { StatementReader, type LineStart } from './statement.reader.js';
import { KindTotals, totalsOf, type KindTotal, type StatementHead, type StatementLine } from './statement.js';
import type { Language } from './statement.texts.js';

/** Whose statement, and of when. */
export interface StatementQuestion {
  party: string;
  currency: string;
  /** Days of the zone, or times. */
  from: string | undefined;
  to: string | undefined;
  zone: string;
  atLeast: string | undefined;
}

/** A statement whose lines are still to be read. */
export interface OpenStatement {
  head: StatementHead;
  /** What it reflects. */
  position: bigint;
  /** When the last of it happened, or its period ended. */
  latest: string;
  pages: AsyncIterable<StatementLine[]>;
}

/** A part of a statement on screen. */
export interface StatementPage extends Omit<StatementHead, 'afterPosition' | 'throughPosition'> {
  afterPosition: string;
  throughPosition: string;
  lines: StatementLine[];
  /** Of these lines: where there is no cursor and no next, of the statement. */
  totals: KindTotal[];
  next?: string;
  position: string;
}

const usualLines = 1_000;
const mostLines = 5_000;
/** On paper: some forty pages, more where names are long; a few seconds of a thread, and 250 MB while it is made. */
const mostPrinted = 2_000;

/** Statements of parties. A period is cut by the clock of the log, so consecutive ones fit without a gap, even where a clock has jumped. */
export class Statements {
  constructor(
    private readonly sql: SqlClient,
    private readonly reads: FinanceReads,
    private readonly printer: StatementPrinter,
    private readonly options: FinanceOptions,
  ) {}

  /** @throws Problem invalid, unavailable */
  async page(question: StatementQuestion, query: PageQuery): Promise<StatementPage> {
    const limit = linesIn(query.limit);
    const after = cursorOf(pageOf({ cursor: query.cursor }).after, 2);
    const { head, position, reader } = await this.#head(question);
    const start = after ? startOf(after) : beginningOf(head);
    const lines: StatementLine[] = [];
    for await (const page of reader.pages(start, head.throughPosition)) {
      lines.push(...page);
      if (lines.length > limit) break;
    }
    const shown = lines.slice(0, limit);
    return {
      ...{ ...head, afterPosition: String(head.afterPosition), throughPosition: String(head.throughPosition) },
      lines: shown,
      totals: totalsOf(shown),
      ...(lines.length > limit && { next: cursorAfter(shown, start) }),
      position: String(position),
    };
  }

  /** @throws Problem invalid, unavailable */
  async open(question: StatementQuestion): Promise<OpenStatement> {
    const { head, position, reader, latest } = await this.#head(question);
    return { head, position, latest: head.to ?? latest, pages: reader.pages(beginningOf(head), head.throughPosition) };
  }

  /** @throws Problem invalid for a statement that nobody would print */
  async print(
    { head, latest, pages }: Pick<OpenStatement, 'head' | 'latest' | 'pages'>,
    language: Language,
    zone: string,
  ): Promise<Uint8Array> {
    const lines: StatementLine[] = [];
    const totals = new KindTotals();
    for await (const page of pages) {
      lines.push(...page);
      if (lines.length > mostPrinted)
        throw new Problem(
          'invalid',
          `A statement is printed up to ${mostPrinted} lines: ask for a shorter period, or for csv or camt.053.`,
          'format',
        );
    }
    for (const line of lines) totals.add(line);
    const { hubName: hub } = this.options;
    const paper = { head, statementId: statementIdOf(head), lines, totals: totals.list(), language, zone, hub, date: latest };
    return this.printer.print(paper);
  }

  async #head(question: StatementQuestion): Promise<{ head: StatementHead; position: bigint; latest: string; reader: StatementReader }> {
    const { party, currency, atLeast } = question;
    const head = await this.reads.read(['settlement', 'finance'], atLeast, async (snapshot) => {
      const reader = new StatementReader(snapshot.tx, party, currency);
      const { from, to, afterPosition, throughPosition } = await spanOf(snapshot, question);
      const [payee] = await snapshot.tx.query<{ name: string }>('SELECT name FROM settlement.payees WHERE party = $1', [party]);
      return {
        head: {
          ...{ party, name: payee?.name ?? party, currency, from, to, afterPosition, throughPosition },
          openingMinor: toSafeInteger(await reader.balanceAt(afterPosition)),
          closingMinor: toSafeInteger(await reader.balanceAt(throughPosition)),
        },
        position: snapshot.position,
        latest: await latestIn(snapshot),
      };
    });
    return { ...head, reader: new StatementReader(this.sql, party, currency) };
  }
}

async function spanOf(
  { tx, position }: Snapshot,
  { from, to, zone }: StatementQuestion,
): Promise<Pick<StatementHead, 'from' | 'to' | 'afterPosition' | 'throughPosition'>> {
  const period = orderedPeriod(await boundIn(tx, from, 'from', zone), await boundIn(tx, to, 'to', zone));
  const before = async (time: number | undefined, otherwise: bigint): Promise<bigint> => {
    const found = time === undefined ? otherwise : ((await positionBefore(tx, time)) ?? position);
    return found < position ? found : position;
  };
  const timeOf = (time: number | undefined): string | null => (time === undefined ? null : new Date(time).toISOString());
  return {
    ...{ from: timeOf(period.from), to: timeOf(period.to) },
    afterPosition: await before(period.from, 0n),
    throughPosition: await before(period.to, position),
  };
}

/** The time of the log. */
async function latestIn({ tx }: Snapshot): Promise<string> {
  const [row] = await tx.query<{ second: string }>('SELECT second::text FROM finance.clock');
  return new Date(Number(row?.second ?? 0) * 1_000).toISOString();
}

const beginningOf = ({ afterPosition }: StatementHead): LineStart => ({ position: afterPosition + 1n, skip: 0 });

/** @throws Problem invalid */
function startOf([position, skip]: string[]): LineStart {
  return { position: integerOf(position), skip: Number(integerOf(skip)) };
}

/** Lines of one fact have the same position: the next answer passes over those of the last one that were shown. */
function cursorAfter(shown: readonly StatementLine[], start: LineStart): string {
  const position = shown.at(-1)?.position ?? '';
  const same = shown.length - shown.findIndex((line) => line.position === position);
  return encodeCursor([position, same + (BigInt(position) === start.position ? start.skip : 0)]);
}

/** @throws Problem invalid */
function linesIn(text: string | undefined): number {
  const lines = text === undefined ? usualLines : Number(text);
  if (Number.isInteger(lines) && lines >= 1 && lines <= mostLines) return lines;
  throw new Problem('invalid', `limit must be an integer from 1 to ${mostLines}.`, 'limit');
}
