import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { JournalEntry } from '@tongbao/contracts';
import { captured, posted, transfer, type Fact } from './facts.js';
import { FinanceHub, type Item } from './finance-hub.js';

let hub: FinanceHub;
beforeAll(async () => {
  hub = await FinanceHub.open();
}, 60_000);
afterAll(() => hub.close());

const at = new Date('2026-03-02T00:00:00Z');

/** What the ledger posts, entry by entry. */
class Books {
  #entries = 0;

  constructor(private readonly currency: string) {}

  post(entry: Omit<JournalEntry, 'transfers'>, ...moves: [from: string, to: string, amountMinor: number][]): number {
    const transfers = moves.map(([from, to, amountMinor]) => ({ from, to, amountMinor, currency: this.currency, kind: 'x' }));
    const number = this.#entries;
    this.#entries += 1;
    hub.log.append('journal-main', posted(number, [{ ...entry, transfers }], hub.log.last, at), at);
    return number;
  }
}

const edgesIn = async (currency: string): Promise<string[]> => {
  await hub.folded();
  const { edges } = (await hub.get(`flows?currency=${currency}`)).body;
  return edges.map(({ from, to, amountMinor }: Item) => `${from} ${to} ${amountMinor}`);
};
const suspenseIn = async (currency: string): Promise<number> => (await hub.all(`ageing?what=suspense&currency=${currency}`)).items.length;

it('what the ledger mends of a payment that it posted to suspense was counted with the payment', async () => {
  const books = new Books('EUR');
  const terms = { paymentId: 'pay_unknown', platformId: 'N', provider: 'alipay', currency: 'EUR' };
  const { position } = hub.log.append(
    'payment-pay_unknown',
    captured({ ...terms, split: [transfer('provider:alipay', 'platform:N', 500, 'purchase')] }),
    at,
  );
  const entry = { kind: 'PaymentCaptured', ref: 'pay_unknown', position: String(position) };
  const corrects = books.post(entry, ['provider:alipay', 'hub:suspense', 500]);
  await hub.folded();
  expect(await suspenseIn('EUR')).toBe(1);
  books.post({ kind: 'PostEntry', ref: 'mend', corrects, correctsPosition: String(position) }, ['hub:suspense', 'platform:N', 500]);
  expect(await edgesIn('EUR')).toEqual(['provider:alipay platform:N 500']);
  expect(await suspenseIn('EUR')).toBe(0);
});

it('what an operator does with money that nobody knew counts where it goes, and explains the line', async () => {
  const books = new Books('GBP');
  const line: Fact = {
    ...{ type: 'BankLineRecorded', bank: 'sandbox', lineId: 'line_1', sequence: 1, amountMinor: 70, currency: 'GBP' },
    ...{ reference: 'x', match: { kind: 'unmatched', reason: 'unknown' }, bookedAt: at.toISOString() },
  };
  const { position } = hub.log.append('reconciliation-bank_sandbox', line, at);
  const entry = { kind: 'BankLineRecorded', ref: 'line_1', position: String(position) };
  const corrects = books.post(entry, ['bank:sandbox', 'hub:suspense', 70]);
  books.post({ kind: 'PostEntry', ref: 'found', corrects, correctsPosition: String(position) }, ['hub:suspense', 'platform:N', 70]);
  expect(await edgesIn('GBP')).toEqual(['bank:sandbox hub:suspense 70', 'hub:suspense platform:N 70']);
  expect(await suspenseIn('GBP')).toBe(0);
});

it('a reserve is one line, however many settlements withheld and released of it', async () => {
  const books = new Books('JPY');
  books.post({ kind: 'ReserveWithheld', ref: 'stl_1' }, ['platform:N', 'reserve:platform:N', 300]);
  books.post({ kind: 'ReserveWithheld', ref: 'stl_2' }, ['platform:N', 'reserve:platform:N', 200]);
  books.post({ kind: 'ReserveReleased', ref: 'stl_3' }, ['reserve:platform:N', 'platform:N', 300]);
  await hub.folded();
  const { items } = await hub.all('ageing?what=reserves&currency=JPY&party=platform:N');
  expect(items).toEqual([{ account: 'reserve:platform:N', currency: 'JPY', amountMinor: 200, upToDays: 30 }]);
});
