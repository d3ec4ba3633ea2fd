import { randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { type BillSource, type Provider, billLines, importBill, reconcile } from '../src/index.js';
import { encodeGbk } from '../src/gbk.js';
import { zipOf } from '../src/zip.write.js';
import { all, changed, golden, inPieces, placesOf, read, without } from './bills.js';

const codesOf = async (provider: Provider, source: BillSource, options = {}) =>
  (await read(provider, source, options)).problems.map(({ code }) => code);

const zipped = async (...files: readonly (readonly [name: string, content: Iterable<Uint8Array>])[]): Promise<Buffer> =>
  Buffer.concat(await all(zipOf(files.map(([name, chunks]) => ({ name: encodeGbk(name), chunks })))));

describe('a ZIP', () => {
  const zip = golden('alipay-trade.zip');

  it('that is cut anywhere is named, and never reads as a whole bill', async () => {
    for (let length = 0; length < zip.length; length += 13) {
      const bill = await read('alipay', zip.subarray(0, length));
      expect(bill.problems.map(({ code }) => code)).toEqual([length === 0 ? 'empty' : length < 4 ? expect.any(String) : 'truncated']);
      expect(bill.end.verified).toBe(false);
    }
  });

  it('of random bytes is named', () =>
    fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), async (bytes) => {
        expect(await codesOf('alipay', Buffer.concat([zip.subarray(0, 4), bytes]))).toHaveLength(1);
      }),
      { numRuns: 50 },
    ));

  it('with any byte changed is the same bill or has a problem', async () => {
    const whole = await read('alipay', zip);
    for (let index = 4; index < zip.length; index += 3) {
      const damaged = Buffer.from(zip);
      damaged[index] = (damaged[index] ?? 0) ^ 0x5a;
      const bill = await read('alipay', damaged);
      const said = ({ lines }: typeof bill) => lines.map((line) => without(line, 'file'));
      if (bill.problems.length === 0) expect(said(bill)).toEqual(said(whole));
      else expect(bill.end.verified && bill.problems.length > 0).toBe(false);
    }
  });

  it('that unpacks to far more than it is is given up early', async () => {
    const zeros = function* () {
      for (let mebibytes = 0; mebibytes < 64; mebibytes += 1) yield Buffer.alloc(1024 ** 2, '#\n');
    };
    const bomb = await zipped(['bomb.csv', zeros()]);
    expect(bomb.length).toBeLessThan(200_000);
    expect(await codesOf('alipay', bomb)).toEqual(['header_missing']);
    const headed = function* () {
      yield golden('alipay-detail.csv').subarray(0, 900);
      yield* zeros();
    };
    expect(await codesOf('alipay', await zipped(['bomb.csv', headed()]))).toContain('bomb');
    expect(await codesOf('alipay', await zipped(['bomb.csv', headed()]), { limits: { maxRatio: 10_000, maxBytes: 1024 ** 2 } })).toContain(
      'too_large',
    );
  });

  it('with too many entries is not read', async () => {
    const many = Array.from({ length: 17 }, (_, index) => [`${index}.csv`, [Buffer.from('x')]] as const);
    expect(await codesOf('alipay', await zipped(...many))).toEqual(['zip_too_many_entries']);
  });

  it('that is encrypted is not read', async () => {
    const encrypted = Buffer.from(zip);
    // The flag in both directory entries; APPNOTE 4.4.4, bit 0.
    for (let index = encrypted.indexOf('PK\x01\x02'); index >= 0; index = encrypted.indexOf('PK\x01\x02', index + 4))
      encrypted[index + 8]! |= 1;
    expect(await codesOf('alipay', encrypted)).toEqual(['zip_encrypted', 'zip_encrypted']);
  });

  it('with one file that is damaged has the other', async () => {
    const other = await zipped(['a.csv', [Buffer.from('not a bill\n')]], ['b.csv', [golden('alipay-detail.csv')]], ['c/', []]);
    const bill = await read('alipay', other);
    expect(bill.lines).toHaveLength(4);
    expect(bill.problems).toMatchObject([{ code: 'header_missing', file: 'a.csv' }]);
    expect(bill.end.verified).toBe(false);
  });

  it('without the summary, or the detail, is named', async () => {
    expect(await codesOf('alipay', await zipped(['a.csv', [golden('alipay-detail.csv')]]))).toEqual(['summary_missing']);
    expect(await codesOf('alipay', await zipped(['a.csv', [golden('alipay-summary.csv')]]))).toEqual(['detail_missing']);
    expect(await codesOf('alipay', await zipped())).toEqual(['detail_missing', 'summary_missing']);
  });

  it('whose summary is of another day is named', async () => {
    const summary = changed('alipay-summary.csv', 'gbk', ['2,2,35.00', '3,2,35.01']);
    const bill = await read('alipay', await zipped(['a.csv', [golden('alipay-detail.csv')]], ['b.csv', [summary]]));
    expect(placesOf(bill)).toEqual([
      ['count_differs', 6, '交易订单总笔数'],
      ['total_differs', 6, '订单金额（元）'],
    ]);
  });

  it('leaves nothing behind, also where its reader stops early', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'hostile-'));
    try {
      for await (const item of importBill('alipay', inPieces(zip, 50), { tempDir: folder })) if (item.type === 'line') break;
      await read('alipay', inPieces(zip.subarray(0, 500), 50), { tempDir: folder });
      expect(readdirSync(folder)).toEqual([]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe('gzip', () => {
  const gz = golden('wechat-trade.csv.gz');

  it('that is cut is named after the lines that could be read', async () => {
    const bill = await read('wechat', gz.subarray(0, gz.length - 20));
    expect(bill.problems.map(({ code }) => code)).toEqual(['truncated']);
    expect(bill.end.verified).toBe(false);
  });

  it('that is damaged, or a bomb, is named', async () => {
    const damaged = Buffer.from(gz).fill(0xff, 40, 60);
    expect(await codesOf('wechat', damaged)).toEqual(['gzip_malformed']);
    const bomb = gzipSync(Buffer.concat([golden('wechat-trade.csv').subarray(0, 1200), Buffer.alloc(32 * 1024 ** 2, '\n')]));
    expect(await codesOf('wechat', bomb)).toContain('bomb');
  });
});

describe('the wrong file', () => {
  it.each([
    ['wechat', 'alipay-trade.zip', 'wrong_container'],
    ['alipay', 'wechat-trade.csv.gz', 'wrong_container'],
    ['stripe', 'alipay-trade.zip', 'wrong_container'],
    ['alipay', 'alipay-fund.csv', 'wrong_bill'],
    ['wechat', 'stripe-report.csv', 'wrong_bill'],
    ['alipay', 'stripe-report.csv', 'wrong_bill'],
    ['stripe', 'wechat-trade.csv', 'wrong_bill'],
    ['stripe', 'wechat-fund.csv', 'wrong_bill'],
  ] as const)('to %s, %s, is %s', async (provider, name, code) => {
    const bill = await read(provider, golden(name));
    expect([bill.problems.map((each) => each.code), bill.heads, bill.lines, bill.end.verified]).toEqual([[code], [], [], false]);
  });

  it('is the other bill of the same provider', async () => {
    const { problems } = await read('wechat', golden('wechat-fund.csv'), { bill: 'trade' });
    expect(problems).toMatchObject([{ code: 'wrong_bill', message: "this is WeChat Pay's fund bill", line: 1 }]);
    expect(await codesOf('wechat', golden('wechat-trade.csv'), { bill: 'fund' })).toEqual(['wrong_bill']);
  });

  it.each([
    ['wechat', '{"code":"NO_STATEMENT_EXIST","message":"账单文件不存在"}', 'no_statement'],
    ['wechat', '<xml><return_code>FAIL</return_code><return_msg>No Bill Exist</return_msg></xml>', 'no_statement'],
    ['wechat', '', 'empty'],
    ['alipay', '', 'empty'],
    ['stripe', '', 'empty'],
    ['wechat', '<html>502 Bad Gateway</html>', 'header_missing'],
    ['stripe', '{"error":{"type":"invalid_request_error"}}', 'json_malformed'],
    ['stripe', 'a,b\n1,2\n', 'header_missing'],
  ] as const)('of %s may be an answer: %j is %s', async (provider, text, code) => {
    expect(await codesOf(provider, Buffer.from(text))).toEqual([code]);
  });

  it('of random bytes has a problem, and no line', () =>
    fc.assert(
      fc.asyncProperty(fc.constantFrom('alipay', 'wechat', 'stripe'), fc.uint8Array({ maxLength: 500 }), async (provider, bytes) => {
        const bill = await read(provider, bytes);
        expect([bill.lines, bill.problems.length > 0 || bill.end.rows === 0]).toEqual([[], true]);
      }),
      { numRuns: 300 },
    ));
});

it('what reading the source throws is thrown, not taken for a bill', async () => {
  const broken = async function* () {
    yield golden('wechat-trade.csv').subarray(0, 300);
    await Promise.reject(new Error('connection reset'));
  };
  const gzipped = async function* () {
    yield golden('wechat-trade.csv.gz').subarray(0, 100);
    await Promise.reject(new Error('connection reset'));
  };
  await expect(read('wechat', broken())).rejects.toThrow('connection reset');
  await expect(read('wechat', gzipped())).rejects.toThrow('connection reset');
  await expect(read('alipay', { path: '/nonexistent/bill.zip' })).rejects.toThrow('ENOENT');
});

it('a problem may stop a reconciliation, which leaves nothing behind', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'hostile-'));
  const events = Array.from({ length: 2000 }, (_, index) => ({
    kind: 'payment' as const,
    ourKey: randomBytes(400).toString('hex') + String(index),
    amountMinor: 1,
    currency: 'CNY',
    at: '2026-03-01T04:00:00.000Z',
    status: 'succeeded' as const,
  }));
  const trade = billLines(importBill('wechat', golden('alipay-detail.csv')), (item) => {
    if (item.type === 'problem') throw new Error(item.problem.code);
  });
  try {
    await expect(all(reconcile({ events, trade }, { tempDir: folder, partitions: 2 }))).rejects.toThrow('encoding');
    expect(readdirSync(folder)).toEqual([]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
