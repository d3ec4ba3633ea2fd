import { describe, expect, it } from '@jest/globals';
import type { EntriesPosted } from '@tongbao/contracts';
import { emptyBatch } from '../test/facts.js';
import { coverGainedBy } from './cover-gains.js';

const posted = (kind: string, from: string, to: string): EntriesPosted => ({
  ...emptyBatch,
  entries: [{ kind, ref: 'x', transfers: [{ from, to, amountMinor: 1, currency: 'CNY', kind: 'x' }] }],
});

describe('cover of clients’ money', () => {
  it.each<[string, string, string, string]>([
    ['a line that brings money in', 'BankLineRecorded', 'bank:main', 'hub:suspense'],
    ['a direct debt that is paid', 'ObligationPaid', 'platform:A', 'platform:B'],
    ['an exchange', 'CurrencyExchanged', 'platform:A', 'hub:fx'],
    ['a reserve that comes back', 'ReserveReleased', 'reserve:platform:A', 'platform:A'],
    ['an entry that takes from a party', 'PostEntry', 'platform:A', 'hub:losses'],
    ['a reversal that does', 'ReverseEntry', 'user:u:wallet', 'hub:fees'],
  ])('may be gained by %s', (_, kind, from, to) => expect([...coverGainedBy(posted(kind, from, to))]).toEqual(['CNY']));

  it.each<[string, string, string, string]>([
    ['a line that takes money out', 'BankLineRecorded', 'hub:transit', 'bank:main'],
    ['an entry between accounts of the hub', 'PostEntry', 'hub:fees', 'hub:losses'],
    ['an entry that gives a party something', 'PostEntry', 'hub:fees', 'platform:A'],
    ['a payment', 'PaymentCaptured', 'provider:alipay', 'platform:A'],
  ])('is not gained by %s', (_, kind, from, to) => expect([...coverGainedBy(posted(kind, from, to))]).toEqual([]));
});
