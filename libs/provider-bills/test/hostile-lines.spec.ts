import type { BillSource, Provider } from '../src/index.js';
import { changed, golden, placesOf, read } from './bills.js';

const codesOf = async (provider: Provider, source: BillSource, options = {}) =>
  (await read(provider, source, options)).problems.map(({ code }) => code);

describe('a line that is malformed', () => {
  const second = '4200001234202603010000000002';

  it.each([
    ['amount_malformed', '订单金额', '`30.00,`0.00,`\r', '`3O.00,`0.00,`\r'],
    ['amount_precision', '订单金额', '`30.00,`0.00,`\r', '`30.001,`0.00,`\r'],
    ['amount_out_of_range', '订单金额', '`30.00,`0.00,`\r', '`99999999999999999.00,`0.00,`\r'],
    ['amount_sign', '订单金额', '`30.00,`0.00,`\r', '`-30.00,`0.00,`\r'],
    ['time_malformed', '交易时间', '2026-03-01 23:59:59', '2026-02-30 23:59:59'],
    ['currency_unknown', '货币种类', 'CNY,`25.00', 'XXX,`25.00'],
    ['kind_unknown', '交易状态', 'SUCCESS,`CMB_CREDIT,`CNY,`25.00', 'PAID,`CMB_CREDIT,`CNY,`25.00'],
    ['reference_missing', '微信订单号', second, ''],
    ['reference_malformed', '商户订单号', 'mbswy3dpfqqho33snrsccgq4dg02,`oUp', 'a\u0000b,`oUp'],
    ['column_count', undefined, '`专栏', '`专,`栏'],
    ['amount_malformed', '手续费', '0.15000', '١٥'],
  ])('%s is named with its line and field %s, and the others are read', async (code, field, from, to) => {
    const bill = await read('wechat', changed('wechat-trade.csv', 'utf8', [from, to]));
    expect(placesOf(bill)[0]).toEqual([code, 3, field]);
    expect(bill.lines.map(({ line }) => line)).toEqual([2, 4, 5, 6]);
  });

  it('is named where a state of a refund is none', async () => {
    const bill = await read('wechat', changed('wechat-trade.csv', 'utf8', ['PROCESSING', 'constructor']));
    expect(placesOf(bill)).toEqual([['status_unknown', 5, '退款状态']]);
  });

  it("is named in Alipay's, and in the fund flow", async () => {
    const detail = await read('alipay', changed('alipay-detail.csv', 'gbk', ['退款\t,课程', '转账\t,课程']));
    expect(placesOf(detail)[0]).toEqual(['kind_unknown', 8, '业务类型']);
    expect(detail.lines.map(({ line }) => line)).toEqual([6, 7, 9]);
    const fund = await read('wechat', changed('wechat-fund.csv', 'utf8', ['`支出,`50.00', '`外出,`50.00']));
    expect(placesOf(fund).slice(0, 2)).toEqual([
      ['kind_unknown', 7, '收支类型'],
      ['count_differs', 10, '支出笔数'],
    ]);
  });

  it('is named with its number where its bytes are not of the encoding', async () => {
    const wechat = Buffer.from(golden('wechat-trade.csv'));
    wechat[wechat.indexOf('专栏')] = 0xff;
    expect(placesOf(await read('wechat', wechat))[0]).toEqual(['encoding', 3, undefined]);
    const alipay = Buffer.from(golden('alipay-detail.csv'));
    alipay[alipay.indexOf('**')] = 0xff;
    const bill = await read('alipay', alipay);
    expect(placesOf(bill)[0]).toEqual(['encoding', 6, undefined]);
    expect(bill.lines).toHaveLength(3);
    expect(bill.end.verified).toBe(false);
  });

  it('is named where it is longer than any line', async () => {
    const bill = await read('wechat', changed('wechat-trade.csv', 'utf8', ['专栏', 'x'.repeat(70_000)]));
    expect(placesOf(bill)[0]).toEqual(['line_too_long', 3, undefined]);
    expect(bill.lines).toHaveLength(4);
  });

  it('cannot hide other amounts in the name of a product', async () => {
    const name =
      '专栏,2026-03-01 11:00:00,2026-03-01 11:00:09,\t,\t,\t,\t,**\t,0.01,0.01,0.00,0.00,0.00,0.00,0.00,,0.00\t,0.00,\t,0.00,0.00,';
    const bill = await read('alipay', changed('alipay-detail.csv', 'gbk', ['专栏, 一, 二', name]));
    expect(placesOf(bill)[0]).toEqual(['columns_ambiguous', 7, '商品名称']);
  });

  it('is named where more of them are malformed than are not', async () => {
    const lines = golden('wechat-trade.csv').toString().split('\r\n');
    const text = [lines[0], ...Array.from({ length: 5000 }, (_, index) => `\`${index}`), ...lines.slice(1)].join('\r\n');
    const bill = await read('wechat', Buffer.from(text));
    expect([bill.lines.length, bill.end.rows]).toEqual([5, 5005]);
    expect(bill.problems.filter(({ code }) => code === 'column_count')).toHaveLength(5000);
  });
});

describe('totals', () => {
  it.each([
    [
      'wechat',
      'wechat-trade.csv',
      '`5,`35.00',
      '`6,`35.01',
      [
        ['count_differs', 8, '总交易单数'],
        ['total_differs', 8, '应结订单总金额'],
      ],
    ],
    ['wechat', 'wechat-trade.csv', '0.13000', '0.13001', [['total_differs', 8, '手续费总金额']]],
    ['wechat', 'wechat-trade.csv', '`5,`35.00', '`5,`x', [['totals_malformed', 8, '应结订单总金额']]],
    [
      'wechat',
      'wechat-fund.csv',
      '`7.0,`3.0,`12.01',
      '`7.0,`4.0,`12.02',
      [
        ['count_differs', 10, '收入笔数'],
        ['total_differs', 10, '收入金额'],
      ],
    ],
  ] as const)('of %s, %s, that are not those of the rows are named', async (provider, name, from, to, places) => {
    const bill = await read(provider, changed(name, 'utf8', [from, to]));
    expect(placesOf(bill)).toEqual(places);
    expect(bill.end.verified).toBe(false);
    expect(bill.problems[0]?.message).toMatch(/states|decimal/);
  });

  it("of Alipay's detail that are not those of the rows are named", async () => {
    const bill = await read('alipay', changed('alipay-detail.csv', 'gbk', ['2笔，商家实收共38.00', '3笔，商家实收共38.01']));
    expect(placesOf(bill)).toEqual([
      ['count_differs', 11, '交易合计 笔'],
      ['total_differs', 11, '交易合计 商家实收'],
    ]);
  });

  it('that are not there are named: the file may be cut', async () => {
    const wechat = golden('wechat-trade.csv').toString().split('\r\n');
    expect(await codesOf('wechat', Buffer.from(wechat.slice(0, 4).join('\r\n')))).toEqual(['totals_missing']);
    const cut = golden('alipay-detail.csv');
    const bill = await read('alipay', cut.subarray(0, cut.indexOf('\n#-', 500)));
    expect(bill.problems.map(({ code }) => code)).toEqual(['totals_missing']);
    expect([bill.lines.length, bill.end.verified]).toEqual([4, false]);
  });

  it('are the end: a row after them is named', async () => {
    const bill = golden('wechat-trade.csv').toString();
    const row = bill.split('\r\n')[1];
    expect(placesOf(await read('wechat', Buffer.from(`${bill}${row}\r\n`)))).toEqual([['line_after_totals', 9, undefined]]);
  });

  it('are compared exactly, however large', async () => {
    const most = '90071992547409.91';
    const text = changed('wechat-trade-payments.csv', 'utf8').toString().split('\r\n');
    const row = text[1]!.replaceAll('10.00', most);
    const rows = Array.from({ length: 50 }, () => row.replace('0.06000', '0.00000'));
    const total = '4503599627370495.50';
    const wechat = (stated: string) =>
      read('wechat', Buffer.from([text[0], ...rows, text[2], `\`50,\`${stated},\`0.00000,\`${stated}`, ''].join('\r\n')));
    expect((await wechat(total)).end).toMatchObject({
      problems: 0,
      verified: true,
      sums: { CNY: { amountMinor: 450_359_962_737_049_550n } },
    });
    expect((await wechat('4503599627370495.51')).problems).toMatchObject([
      { code: 'total_differs', message: 'the file states 4503599627370495.51000, its rows come to 4503599627370495.50000' },
      { code: 'total_differs' },
    ]);
  });
});

describe("Stripe's", () => {
  const header = golden('stripe-report.csv').toString().split('\n')[0]!;
  const row = (id: string, tail = '') => `${id},2026-03-01 02:00:00,2026-03-03 00:00:00,usd,1.00,0.10,0.90,charge,${id},${tail},,,,`;
  const csv = (...rows: string[]) => read('stripe', Buffer.from([header, ...rows].join('\n')));

  it('CSV loses no line but the one with a quote that is never closed', async () => {
    const many = Array.from({ length: 40 }, (_, index) => row(`ch_${index}`));
    const bill = await csv(...many.slice(0, 5), row('ch_x', '"open'), ...many.slice(5));
    expect(placesOf(bill)).toEqual([['quote_malformed', 7, undefined]]);
    expect(bill.lines).toHaveLength(40);
  });

  it('CSV has quotes where they belong', async () => {
    expect(placesOf(await csv(row('a'), row('b', '"x"y'), row('c', 'x"y"'), row('d', '"x""y"')))).toEqual([
      ['quote_malformed', 3, undefined],
      ['quote_malformed', 4, undefined],
    ]);
  });

  it('CSV has its cells', async () => {
    const bill = await csv(
      'a,b',
      row('ch_1').replace('0.90', '0.91'),
      row('ch_2').replace('usd', 'usdx'),
      row('ch_3').replace('1.00', '-1.00').replace('0.90', '-1.10'),
    );
    expect(placesOf(bill)).toEqual([
      ['column_count', 2, undefined],
      ['net_differs', 3, 'net'],
      ['currency_unknown', 4, 'currency'],
      ['amount_sign', 5, 'amount'],
    ]);
  });

  const json = (...changes: readonly (readonly [string, string])[]) => read('stripe', changed('stripe-lines.jsonl', 'utf8', ...changes));

  it.each([
    ['amount_malformed', 'amount', '"amount": 1000', '"amount": "1000"'],
    ['amount_malformed', 'amount', '"amount": 1000', '"amount": 1e999'],
    ['amount_malformed', 'amount', '"amount": 1000', '"amount": 10.5'],
    ['amount_out_of_range', 'amount', '"amount": 1000', '"amount": 1e300'],
    ['net_differs', 'net', '"net": 941', '"net": 942'],
    ['fee_details_differ', 'fee_details', '[{"amount": 59', '[{"amount": 58'],
    ['currency_unknown', 'currency', '"currency": "usd", "description": null', '"currency": 5, "description": null'],
    ['time_malformed', 'created', '"created": 1772330400', '"created": -1'],
    ['json_malformed', 'object', '"balance_transaction"', '"charge"'],
    ['reference_malformed', 'metadata.tongbao_key', 'mbswy3dpfqqho33snrsccgq4dg01', 'a\\u0000'],
    ['kind_unknown', 'reporting_category', '"charge", "source"', '{}, "source"'],
    ['json_malformed', '', '"object": "balance_transaction"', '"object" "balance_transaction"'],
  ])('JSON has %s in %s named, and the others are read', async (code, field, from, to) => {
    const bill = await json([from, to]);
    expect(placesOf(bill)).toEqual([[code, 1, field]]);
    expect(bill.lines).toHaveLength(2);
  });

  it('JSON that is cut, or deeper than any, is named', async () => {
    const whole = golden('stripe-pages.json');
    for (let length = 10; length < whole.length - 3; length += 97) {
      const { problems, end } = await read('stripe', whole.subarray(0, length));
      expect([problems.at(-1)?.code, end.verified]).toEqual(['truncated', false]);
    }
    expect(await codesOf('stripe', Buffer.from('['.repeat(100_000)))).toEqual(['json_malformed']);
    expect(await codesOf('stripe', Buffer.from('[{"a":1}]]'))).toContain('json_malformed');
    expect(await codesOf('stripe', Buffer.from(`[{"a":"${'x'.repeat(100_000)}"}]`))).toEqual(['line_too_long']);
    expect(await codesOf('stripe', Buffer.from([0x5b, 0xff, 0x5d]))).toEqual(['encoding']);
  });

  it('JSON whose last page says that there are more is not all', async () => {
    const pages = golden('stripe-pages.json').toString();
    const first = pages.slice(0, pages.indexOf('\n}\n{') + 3);
    expect(await codesOf('stripe', Buffer.from(first))).toEqual(['truncated']);
  });
});
