import { describe, expect, it } from '@jest/globals';
import { fileURLToPath } from 'node:url';
import { byMonth, parsePurchases, publishedTotals, readPurchases, totalsOf } from './purchases.js';

const head = 'order_id,customer_id,date,quantity,amount_minor,in_sample';
const file = fileURLToPath(new URL('../../../../examples/cdnow-purchases.csv', import.meta.url));

describe('reading purchases', () => {
  it('gives them in the order of their dates, then of their numbers', () => {
    const csv = [head, '3,00002,1997-02-01,1,100,1', '2,00001,1997-01-31,1,200,1', '1,00003,1997-02-01,2,300,0'].join('\n');
    expect(parsePurchases(csv, 'all').map(({ orderId }) => orderId)).toEqual([2, 1, 3]);
  });

  it('takes the sample alone when it is asked for', () => {
    const csv = [head, '1,00001,1997-01-01,1,100,0', '2,00004,1997-01-01,3,2933,1', ''].join('\n');
    const expected = { orderId: 2, customerId: '00004', date: '1997-01-01', quantity: 3, amountMinor: 2_933, inSample: true };
    expect(parsePurchases(csv, 'sample')).toEqual([expected]);
  });

  it.each([
    ['a negative amount', '1,00001,1997-01-01,1,-5,1'],
    ['a fraction', '1,00001,1997-01-01,1,5.5,1'],
    ['a quantity of nothing', '1,00001,1997-01-01,0,5,1'],
    ['a customer without leading zeros', '1,1,1997-01-01,1,5,1'],
    ['another form of date', '1,00001,19970101,1,5,1'],
  ])('refuses %s, naming the line', (_, row) => {
    expect(() => parsePurchases(`${head}\n2,00002,1997-01-01,1,100,1\n${row}`, 'all')).toThrow('line 3 is no purchase');
  });

  it('refuses another file', () => {
    expect(() => parsePurchases('a,b\n1,2', 'all')).toThrow('the first line must be order_id');
  });

  it.each(['sample', 'all'] as const)('of examples/: %s comes to what its authors published', (which) => {
    expect(totalsOf(readPurchases(file, which))).toEqual(publishedTotals[which]);
  });
});

describe('months', () => {
  const purchases = readPurchases(file, 'all');

  it('are eighteen, in order, and hold every purchase once', () => {
    const months = byMonth(purchases);
    expect(months.map(({ month }) => month)).toEqual([...months.map(({ month }) => month)].sort());
    expect([months.length, months[0]?.month, months.at(-1)?.month]).toEqual([18, '1997-01', '1998-06']);
    expect(months.flatMap((month) => month.purchases)).toEqual(purchases);
  });

  it('come to what the data says of them', () => {
    const february = byMonth(purchases)[1];
    expect(february && totalsOf(february.purchases)).toEqual({ orders: 11_272, grossMinor: 37_959_003n });
  });
});
