import { expect, it } from '@jest/globals';
import type { BankLineExplained } from '@tongbao/contracts';
import { moneyFactOf, nettedSidesOf } from './sides.js';

const explained: BankLineExplained = {
  ...{ type: 'BankLineExplained', bank: 'icbc', lineId: 'l1', amountMinor: 700, currency: 'CNY', account: 'platform:A', note: 'n' },
  transfers: [{ from: 'hub:suspense', to: 'platform:A', amountMinor: 700, kind: 'bank-line-explained' }],
  ...{ proposedBy: 'operator:fin', by: 'operator:boss', explainedAt: '2026-03-01T00:00:00Z' },
};

it('a line of our bank that turned out to be a party’s counts in its net, as the ledger posts it', () => {
  const fact = moneyFactOf(explained);
  expect(fact).toEqual({ kind: 'BankLineExplained', paymentId: 'icbc:l1', currency: 'CNY', transfers: explained.transfers });
  expect([...nettedSidesOf(fact!.transfers)]).toMatchObject([{ party: 'platform:A', amountMinor: 700 }]);
});
