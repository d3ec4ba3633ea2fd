import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { readStatements } from '@tongbao/bank-files';
import { ensureTools } from '@tongbao/local-services';
import { parse } from 'csv-parse/sync';
import { captured, transfer, type PaymentTerms } from './facts.js';
import { FinanceHub } from './finance-hub.js';
import { expectGolden, json } from './golden.js';
import { textOf } from './pdf-text.js';
import { writeSample } from './sample.js';

let hub: FinanceHub;
beforeAll(async () => {
  hub = await FinanceHub.open();
  writeSample(hub.log);
  await hub.folded();
  await ensureTools(['xmllint']);
}, 120_000);
afterAll(() => hub.close());

const ofA = 'statements?party=platform:A&currency=CNY';
const march = `${ofA}&from=2026-03-02&to=2026-03-16`;

/** What libxml2 says of a file against the schema that ISO 20022 publishes. */
async function invalid(xml: string): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'statement-'));
  const file = join(folder, 'statement.xml');
  writeFileSync(file, xml);
  const schema = join(import.meta.dirname, '../../bank-files/test/xsd/camt.053.001.08.xsd');
  try {
    await promisify(execFile)('xmllint', ['--noout', '--nonet', '--schema', schema, file]);
    return '';
  } catch (error) {
    return String(error);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

describe('the statement of a period', () => {
  it('is the same on screen, as CSV, as camt.053 and on paper', async () => {
    const screen = await hub.get(march);
    const csv = await hub.get(`${march}&format=csv`);
    const camt = await hub.get(`${march}&format=camt.053`);
    const [english, chinese] = [await hub.get(`${march}&format=pdf&language=en`), await hub.get(`${march}&format=pdf&language=zh`)];
    expectGolden('statement.json', json(screen.body));
    expectGolden('statement.csv', csv.text);
    expectGolden('statement.camt.053.xml', camt.text);
    expectGolden('statement.en.txt', textOf(english.bytes));
    expectGolden('statement.zh.txt', textOf(chinese.bytes));
    expect([csv, camt, english].map(({ headers }) => [headers['content-type'], headers['tongbao-position']])).toEqual([
      ['text/csv; charset=utf-8', '320'],
      ['application/xml; charset=utf-8', '320'],
      ['application/pdf', '320'],
    ]);
    expect(english.headers['content-disposition']).toBe('attachment; filename="platform-A-CNY.pdf"');
  });

  it('adds up: lines from opening to closing, totals to the lines', async () => {
    const { body } = await hub.get(march);
    const moved = body.lines.filter(({ external }) => !external);
    const sum = moved.reduce((total, { amountMinor }) => total + amountMinor, 0);
    expect(body.openingMinor + sum).toBe(body.closingMinor);
    const totals = body.totals.filter(({ external }) => !external);
    expect(totals.reduce((total, { creditMinor, debitMinor }) => total + creditMinor - debitMinor, 0)).toBe(sum);
    expect(body.totals.reduce((total, { lines }) => total + lines, 0)).toBe(body.lines.length);
  });

  it('has the same bytes whenever it is printed', async () => {
    const [first, second] = [await hub.get(`${march}&format=pdf`), await hub.get(`${march}&format=pdf`)];
    expect(first.bytes.equals(second.bytes)).toBe(true);
    expect(first.bytes.equals((await hub.get(`${march}&format=pdf&language=zh`)).bytes)).toBe(false);
  });

  it('is valid camt.053 that reads back as it was written, without what moved nothing', async () => {
    const { text } = await hub.get(`${march}&format=camt.053`);
    expect(await invalid(text)).toBe('');
    const items = [];
    for await (const item of readStatements(text)) items.push(item);
    const { body } = await hub.get(march);
    const entries = items.flatMap((item) => (item.kind === 'entry' ? [item.entry] : []));
    expect(entries.map(({ amountMinor, direction }) => (direction === 'debit' ? -amountMinor : amountMinor))).toEqual(
      body.lines.filter(({ external }) => !external).map(({ amountMinor }) => amountMinor),
    );
    expect(items).toMatchObject([
      {},
      { statement: { opening: { amountMinor: 0 }, closing: { amountMinor: body.closingMinor } } },
      ...entries.map(() => ({})),
      { end: { problems: 0 } },
    ]);
  });

  it('joins the next period without a gap, wherever it is cut', async () => {
    const cuts = ['2026-03-02', '2026-03-02T01:30:00Z', '2026-03-03', '2026-03-03T05:01:00Z', '2026-03-16'];
    const whole = (await hub.get(march)).body;
    const parts = [];
    for (const [index, from] of cuts.slice(0, -1).entries()) parts.push((await hub.get(`${ofA}&from=${from}&to=${cuts[index + 1]}`)).body);
    expect(parts.flatMap(({ lines }) => lines)).toEqual(whole.lines);
    expect(parts.map(({ openingMinor }) => openingMinor)).toEqual([
      whole.openingMinor,
      ...parts.slice(0, -1).map(({ closingMinor }) => closingMinor),
    ]);
  });

  it('of a party that nothing has moved is empty', async () => {
    const nobody = 'statements?party=creator:nobody&currency=JPY';
    expect((await hub.get(nobody)).body).toMatchObject({ name: 'creator:nobody', openingMinor: 0, lines: [], totals: [], closingMinor: 0 });
    const camt = (await hub.get(`${nobody}&format=camt.053`)).text;
    expect(await invalid(camt)).toBe('');
    expect(textOf((await hub.get(`${nobody}&format=pdf&language=en`)).bytes)).toContain('No movements.');
    expect(parse((await hub.get(`${nobody}&format=csv`)).text)).toHaveLength(3);
  });

  it('that begins or ends where the log has not come to is that of the present', async () => {
    const later = (await hub.get(`${ofA}&from=2999-01-01`)).body;
    expect(later).toMatchObject({ openingMinor: 4_390, lines: [], closingMinor: 4_390 });
    expect((await hub.get(`${ofA}&to=2999-01-01`)).body.lines).toHaveLength(19);
  });
});

describe('the language of a statement', () => {
  it.each([
    ['zh-CN,zh;q=0.9,en;q=0.8', '对账单'],
    ['de,en;q=0.8', 'Statement of account'],
    ['fr', 'Statement of account'],
  ])('for %s is that', async (accepted, title) => {
    const { bytes } = await hub.get(`${march}&format=pdf`, 'finance', { 'accept-language': accepted });
    expect(textOf(bytes)).toContain(title);
  });
});

describe('a long statement', () => {
  const lines = 12_000;
  const terms = (number: number): PaymentTerms => ({
    paymentId: `pay_${String(number).padStart(32, 'x')}`,
    platformId: 'L',
    provider: 'alipay',
    currency: 'EUR',
    split: [transfer('provider:alipay', 'platform:L', 100, 'purchase'), transfer('platform:L', 'hub:fees', 1, '=SUM(A1)')],
  });
  beforeAll(async () => {
    const event = (number: number) => captured(terms(number));
    for (let number = 0; number < lines / 2; number += 1) {
      const fact = event(number);
      hub.log.append(`payment-${fact.paymentId}`, fact, new Date(Date.UTC(2026, 2, 17) + number * 1_000));
    }
    await hub.folded();
  }, 120_000);
  const ofL = 'statements?party=platform:L&currency=EUR';

  it('comes in parts that make the whole', async () => {
    const whole = await hub.all(`${ofL}&limit=5000`, 'finance', 'lines');
    expect(whole.lines).toHaveLength(lines);
    expect(whole.lines.map(({ balanceMinor }) => balanceMinor).slice(-2)).toEqual([594_001, 594_000]);
    // A part may end between the lines of one fact.
    const [first] = [(await hub.get(`${ofL}&limit=4999`)).body];
    const rest = (await hub.get(`${ofL}&limit=4999&cursor=${first.next}`)).body;
    expect([...first.lines, ...rest.lines]).toEqual(whole.lines.slice(0, 9_998));
    const one = await hub.all(`${ofL}&limit=1&to=2026-03-17T00:00:03Z`, 'finance', 'lines');
    expect(one.lines).toEqual(whole.lines.slice(0, 6));
  });

  it('is streamed as a file, and a kind that a spreadsheet would take for a formula is quoted', async () => {
    const rows: string[][] = parse((await hub.get(`${ofL}&format=csv`)).text);
    expect(rows).toHaveLength(lines + 3);
    expect(rows[3]?.[2]).toBe("'=SUM(A1)");
    expect(await invalid((await hub.get(`${ofL}&format=camt.053`)).text)).toBe('');
  });

  it('is not printed, but a part of it is', async () => {
    expect(await hub.get(`${ofL}&format=pdf`)).toMatchObject({ status: 422, body: { code: 'invalid', field: 'format' } });
    const { status, bytes } = await hub.get(`${ofL}&format=pdf&language=en&to=2026-03-17T00:01:00Z`);
    expect(status).toBe(200);
    expect(textOf(bytes)).toMatch(/Page 4 of 4$/);
  });
});
