import { gunzipSync } from 'node:zlib';
import type { BillLine, BilledMovement } from '../src/index.js';
import { golden, inPieces, made, placesOf, read } from './bills.js';

/** What a line says, but for what is the same in all lines of its bill. */
const told = ({ line, kind, ourKey, providerRef, amountMinor, feeMinor, status }: BillLine): unknown[] => [
  line,
  kind,
  ourKey,
  providerRef,
  amountMinor,
  feeMinor,
  status,
];

const [first, second, third] = ['mbswy3dpfqqho33snrsccgq4dg01', 'mbswy3dpfqqho33snrsccgq4dg02', 'mbswy3dpfqqho33snrsccgq4dg03'];

describe("WeChat Pay's trade bill", () => {
  const expected = [
    [2, 'payment', first, '4200001234202603010000000001', 1000, 6, 'succeeded'],
    [3, 'payment', second, '4200001234202603010000000002', 3000, 15, 'succeeded'],
    [4, 'refund', 'r-0001', '50300806962026030100000000001', -400, -2, 'succeeded'],
    [5, 'refund', 'r-0002', '50300806962026030100000000002', -1200, -6, 'pending'],
    [6, 'refund', third, '4200001234202603010000000003', -100, 0, 'succeeded'],
  ];

  it.each(['wechat-trade.csv', 'wechat-trade.csv.gz'])('is read from %s', async (name) => {
    const bill = await read('wechat', golden(name));
    expect(bill.lines.map(told)).toEqual(expected);
    expect(bill.problems).toEqual([]);
    expect(bill.end).toMatchObject({ rows: 5, lines: 5, verified: true, sums: { CNY: { amountMinor: 2300n, feeMinor: 13n } } });
    expect(bill.heads).toEqual([{ provider: 'wechat', bill: 'trade' }]);
  });

  it('says the whole amount of an order, and what of it reaches the account where a coupon pays the rest', async () => {
    const { lines } = await read('wechat', golden('wechat-trade.csv'));
    expect(lines.map(({ settledMinor }) => settledMinor)).toEqual([undefined, 2500, undefined, -1000, undefined]);
  });

  it("has Beijing's clock", async () => {
    const { lines } = await read('wechat', golden('wechat-trade.csv'));
    expect(lines.map(({ at }) => at).slice(0, 2)).toEqual(['2026-03-01T02:00:00.000Z', '2026-03-01T15:59:59.000Z']);
  });

  it('says of which payment a refund is', async () => {
    const { lines } = await read('wechat', golden('wechat-trade.csv'));
    expect(lines.map(({ paymentKey }) => paymentKey)).toEqual([undefined, undefined, first, second, third]);
  });

  it('is read where it lists payments only, with fewer columns', async () => {
    const bill = await read('wechat', golden('wechat-trade-payments.csv'));
    expect(bill.lines.map(told)).toEqual([expected[0]]);
    expect(bill.end.verified).toBe(true);
  });

  it('is read as it was in 2015: other names, and fees of less than a fen, which are rounded half up', async () => {
    const bill = await read('wechat', golden('wechat-trade-2015.csv'));
    expect(bill.lines.map(({ amountMinor, feeMinor }) => [amountMinor, feeMinor])).toEqual([
      [7100, 43],
      [9250, 56],
    ]);
    expect([bill.problems, bill.end.verified]).toEqual([[], true]);
  });
});

it("WeChat Pay's fund flow bill keeps fees apart, or takes them from the remark of a refund", async () => {
  const bill = await read('wechat', golden('wechat-fund.csv'));
  expect(bill.lines.map(told)).toEqual([
    [2, 'payment', first, '4200001234202603010000000001', 1000, 0, 'succeeded'],
    [3, 'fee', first, '4200001234202603010000000001', 0, 6, 'succeeded'],
    [4, 'refund', 'r-0001', '50300806962026030100000000001', -400, -2, 'succeeded'],
    [5, 'refund', 'REF0009', '50300806962026030100000000009', -100, 0, 'succeeded'],
    [6, 'fee', 'REF0009', '50300806962026030100000000009', 0, -1, 'succeeded'],
    [7, 'payout', undefined, '1000000001', -5000, 0, 'succeeded'],
    [8, 'adjustment', 'r-0008', '50300806962026030100000000008', 200, 0, 'succeeded'],
  ]);
  expect(bill.lines.map(({ feeOf }) => feeOf)).toEqual([undefined, 'payment', undefined, undefined, 'refund', undefined, undefined]);
  expect([bill.problems, bill.end.verified, bill.heads]).toEqual([[], true, [{ provider: 'wechat', bill: 'fund' }]]);
});

describe("Alipay's trade bill", () => {
  const expected = [
    [6, 'payment', first, '2026030122001419931441931972', 1000, 6, 'succeeded'],
    [7, 'payment', second, '2026030122001419931441931973', 3000, 17, 'succeeded'],
    [8, 'refund', 'r-0001', '2026030122001419931441931972', -400, -2, 'succeeded'],
    [9, 'refund', 'mbswy3dpfqqho33snrsccgq4dg04', '2026030122001419931441931974', -100, 0, 'succeeded'],
  ];
  const head = {
    provider: 'alipay',
    bill: 'trade',
    account: '20881234567890120156',
    ...{ from: '2026-02-28T16:00:00.000Z', to: '2026-03-01T16:00:00.000Z' },
  };

  it('is a ZIP with two files, in whichever order', async () => {
    const bill = await read('alipay', golden('alipay-trade.zip'));
    expect(bill.lines.map(told)).toEqual(expected);
    expect(bill.heads.map(({ file }) => file)).toEqual([
      '20881234567890120156_20260301_业务明细(汇总).csv',
      '20881234567890120156_20260301_业务明细.csv',
    ]);
    expect(bill.lines[0]?.file).toBe('20881234567890120156_20260301_业务明细.csv');
    expect([bill.problems, bill.end.verified]).toEqual([[], true]);
  });

  it('is read as a stream and as a file', async () => {
    const path = new URL('../golden/alipay-trade.zip', import.meta.url).pathname;
    for (const source of [inPieces(golden('alipay-trade.zip'), 100), { path }]) {
      expect((await read('alipay', source)).lines.map(told)).toEqual(expected);
    }
  });

  it('is read without the ZIP and the summary', async () => {
    const bill = await read('alipay', golden('alipay-detail.csv'));
    expect(bill.lines.map(told)).toEqual(expected);
    expect([bill.problems, bill.end.verified, bill.heads]).toEqual([[], true, [head]]);
  });

  it('has names with commas, and what of an order reaches the account', async () => {
    const { lines } = await read('alipay', golden('alipay-detail.csv'));
    expect(lines.map(({ settledMinor, at }) => [settledMinor, at])[1]).toEqual([2800, '2026-03-01T03:00:09.000Z']);
  });
});

describe("Stripe's balance transactions", () => {
  it('are read from a report', async () => {
    const bill = await read('stripe', golden('stripe-report.csv'));
    expect(bill.lines.map((line) => [...told(line), line.currency])).toEqual([
      [2, 'payment', first, 'ch_1', 1000, 59, 'succeeded', 'USD'],
      [4, 'payment', second, 'ch_2', 1000, 36, 'succeeded', 'JPY'],
      [5, 'refund', 'r-0001', 're_1', -400, 0, 'succeeded', 'USD'],
      [6, 'dispute', undefined, 'dp_1', -1000, 1500, 'succeeded', 'USD'],
      [7, 'fee', undefined, 'txn_5', 0, 25, 'succeeded', 'USD'],
      [8, 'payout', undefined, 'po_1', -500, 0, 'succeeded', 'USD'],
      [9, 'adjustment', undefined, 'tu_1', 100, 0, 'succeeded', 'USD'],
    ]);
    expect(bill.problems).toEqual([]);
  });

  it("are read from the Dashboard's export", async () => {
    const bill = await read('stripe', golden('stripe-dashboard.csv'), { payout: { amountMinor: 541, currency: 'USD' } });
    expect(bill.lines.map(({ kind, ourKey, amountMinor, at }) => [kind, ourKey, amountMinor, at])).toEqual([
      ['payment', first, 1000, '2026-03-01T02:00:00.000Z'],
      ['refund', 'r-0001', -400, '2026-03-01T03:00:00.000Z'],
    ]);
    expect([bill.problems, bill.end.verified]).toEqual([[], true]);
  });

  it.each(['stripe-array.json', 'stripe-lines.jsonl'])('are read from %s', async (name) => {
    const bill = await read('stripe', golden(name));
    expect(bill.lines.map((line) => told(line).slice(1))).toEqual([
      ['payment', first, 'ch_1', 1000, 59, 'succeeded'],
      ['payment', second, 'ch_2', 1000, 36, 'succeeded'],
      ['refund', 'r-0001', 're_1', -400, 0, 'succeeded'],
    ]);
    expect(bill.problems).toEqual([]);
  });

  it('are read from pages of the API one after another; where Stripe counts a currency in other units than ISO 4217, they are ours', async () => {
    const bill = await read('stripe', golden('stripe-pages.json'), {
      payout: { amountMinor: 541, currency: 'USD' },
      paymentRef: 'payment_intent',
    });
    expect(bill.lines.map(({ providerRef, amountMinor, currency }) => [providerRef, amountMinor, currency])).toEqual([
      ['pi_1', 1000, 'USD'],
      ['pi_2', 1000, 'JPY'],
      ['re_1', -400, 'USD'],
      ['ch_8', 500, 'UGX'],
      ['ch_9', 500, 'MGA'],
      ['ch_10', 12_340, 'KWD'],
      ['po_1', -541, 'USD'],
    ]);
    expect([bill.problems, bill.end.verified]).toEqual([[], true]);
  });

  it('are not those of a payout of another amount', async () => {
    const bill = await read('stripe', golden('stripe-pages.json'), { payout: { amountMinor: 542, currency: 'USD' } });
    expect(placesOf(bill)).toEqual([['total_differs', undefined, 'payout']]);
    expect(bill.end.verified).toBe(false);
  });
});

it.each([
  ['alipay', 'alipay-trade.zip'],
  ['alipay', 'alipay-detail.csv'],
  ['wechat', 'wechat-trade.csv'],
  ['wechat', 'wechat-trade.csv.gz'],
  ['wechat', 'wechat-fund.csv'],
  ['stripe', 'stripe-report.csv'],
  ['stripe', 'stripe-pages.json'],
  ['stripe', 'stripe-lines.jsonl'],
] as const)('a bill of %s, %s, reads the same in pieces of any length', async (provider, name) => {
  const whole = await read(provider, golden(name));
  for (const length of [1, 2, 3, 7, 64, 1000]) expect(await read(provider, inPieces(golden(name), length))).toEqual(whole);
});

describe('the generator', () => {
  const common = { feeMinor: 6, currency: 'CNY', amountMinor: 1000, at: '2026-03-01T02:00:00Z' };
  const refund = {
    ...common,
    kind: 'refund',
    key: 'r-0001',
    paymentKey: first,
    amountMinor: 400,
    feeMinor: 2,
    at: '2026-03-01T04:30:00Z',
  } as const;
  const payment = { ...common, kind: 'payment', key: first, title: '课程' } as const;

  const wechat: BilledMovement[] = [
    { ...payment, providerRef: '4200001234202603010000000001' },
    { ...refund, providerRef: '50300806962026030100000000001' },
  ];

  it.each(['trade', 'fund'] as const)("makes WeChat Pay's %s bill to the byte", async (bill) => {
    const bytes = await made(wechat, { provider: 'wechat', bill });
    expect(bytes.toString()).toBe(golden(`made-wechat-${bill}.csv`).toString());
    expect(gunzipSync(await made(wechat, { provider: 'wechat', bill, gzip: true })).equals(bytes)).toBe(true);
  });

  it("makes Alipay's files to the byte", async () => {
    const ref = { providerRef: '2026030122001419931441931972' };
    const zip = await made(
      [
        { ...payment, ...ref },
        { ...refund, ...ref },
      ],
      { provider: 'alipay', bill: 'trade', account: '20881234567890120156' },
    );
    const files = await unzipped(zip);
    expect(Object.keys(files)).toEqual(['20881234567890120156_20260301_业务明细.csv', '20881234567890120156_20260301_业务明细(汇总).csv']);
    const [detail, summary] = Object.values(files);
    expect(inGbk(detail)).toBe(inGbk(golden('made-alipay-detail.csv')));
    expect(inGbk(summary)).toBe(inGbk(golden('made-alipay-summary.csv')));
  });

  it("makes Stripe's report to the byte", async () => {
    const charge = { ...payment, providerRef: 'ch_1', feeMinor: 59, currency: 'USD', title: 'Course, one' };
    expect((await made([charge], { provider: 'stripe', bill: 'fund' })).toString()).toBe(golden('made-stripe.csv').toString());
  });
});

const inGbk = (bytes: Uint8Array | undefined): string => new TextDecoder('gbk', { fatal: true }).decode(bytes);

/** By the program `unzip` and its like, names are taken for UTF-8; here as Alipay means them. */
async function unzipped(zip: Buffer): Promise<Record<string, Buffer>> {
  const { fromBufferPromise } = await import('yauzl');
  const opened = await fromBufferPromise(zip, { lazyEntries: true, decodeStrings: false });
  const files: Record<string, Buffer> = {};
  for await (const entry of opened.eachEntry()) {
    const name = inGbk(entry.fileNameRaw);
    files[name] = Buffer.concat(await (await opened.openReadStreamPromise(entry)).toArray());
  }
  return files;
}
