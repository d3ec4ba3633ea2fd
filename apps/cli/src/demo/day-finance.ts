import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { EntriesPosted, SettlementEvent } from '@tongbao/contracts';
import type { EventStore } from '@tongbao/event-store';
import { until } from '../until.js';
import { dayCurrency } from './day-orders.js';
import type { HubApi } from './hub-api.js';

export interface RevenueOfDay {
  captures: number;
  capturedMinor: number;
  refunds: number;
  refundedMinor: number;
  feesMinor: number;
  providerFeesMinor: number;
  providerFeesChargedOnMinor: number;
  lossesMinor: number;
  netMinor: number;
}

export interface PositionsOfDay {
  parties: number;
  owedByHubMinor: number;
  owedToHubMinor: number;
  sumMinor: number;
}

/** A party's statement, and the files of it. */
export interface StatementOfDay {
  party: string;
  openingMinor: number;
  closingMinor: number;
  lines: { kind: string; amountMinor: number }[];
  csv: string;
  /** The beginning of the PDF. */
  pdfHead: string;
  files: string[];
}

/** What finance sees in the currency of the day, all of it at the same place of the log or after it. */
export interface FinanceOfDay {
  positions: PositionsOfDay;
  revenue: RevenueOfDay;
  statement: StatementOfDay;
}

const pdfHeadBytes = 5;

interface Totals<T> {
  totals: (T & { currency: string })[];
}

interface Question {
  /** Whose statement. */
  party: string;
  /** What the answers must reflect. */
  settlementIds: readonly string[];
  /** The folder for the statement's files. */
  papers: string;
}

export async function lookAtFinance(api: HubApi, store: EventStore, { party, settlementIds, papers }: Question): Promise<FinanceOfDay> {
  const finance = api.as('finance');
  const atLeast = await booksAfter(store, settlementIds);
  const question = { currency: dayCurrency, atLeast };
  const positions = await api.client.get<Totals<PositionsOfDay>>('/v1/finance/positions', question, finance);
  const revenue = await api.client.get<Totals<RevenueOfDay>>('/v1/finance/revenue', question, finance);
  return {
    positions: inYuan(positions.totals),
    revenue: inYuan(revenue.totals),
    statement: await statementOf(api, party, atLeast, papers),
  };
}

function inYuan<T extends { currency: string }>(totals: readonly T[]): T {
  const found = totals.find(({ currency }) => currency === dayCurrency);
  if (!found) throw new Error(`finance has no totals in ${dayCurrency}`);
  return found;
}

/** Where the log is once the ledger has posted everything that the settlements did. */
async function booksAfter(store: EventStore, settlementIds: readonly string[]): Promise<string> {
  const streams = settlementIds.map((settlementId) => store.read<SettlementEvent>(`settlement-${settlementId}`));
  const ends = (await Promise.all(streams)).flat().filter(({ event }) => event.type === 'SettlementSettled');
  const posted = async () => {
    const last = await store.readLast<EntriesPosted>('journal-main');
    return last && ends.every(({ position }) => position <= BigInt(last.event.sourcePosition)) ? String(last.position) : undefined;
  };
  return until(posted, { everyMs: 50, timeoutMs: 60_000, what: 'the entries of the settlements' });
}

async function statementOf(api: HubApi, party: string, atLeast: string, papers: string): Promise<StatementOfDay> {
  const [finance, question] = [api.as('finance'), { party, currency: dayCurrency, atLeast }];
  const path = '/v1/finance/statements';
  const { openingMinor, closingMinor, lines } = await api.client.get<StatementOfDay>(path, question, finance);
  const name = party.replace(':', '-');
  const files: string[] = [];
  const save = async (format: string, extension: string): Promise<Buffer> => {
    const content = await api.client.getFile(path, { ...question, format }, finance);
    const file = join(papers, `${name}.${extension}`);
    await writeFile(file, content);
    files.push(file);
    return content;
  };
  const csv = await save('csv', 'csv');
  const pdf = await save('pdf', 'pdf');
  await save('camt.053', 'xml');
  return { party, openingMinor, closingMinor, lines, files, csv: csv.toString(), pdfHead: pdf.toString('latin1', 0, pdfHeadBytes) };
}
