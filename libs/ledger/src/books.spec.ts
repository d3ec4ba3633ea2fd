import { describe, expect, it } from '@jest/globals';
import { Bookkeeper, captured, example1, placeHold, postEntry, refunded, registered, split, stateOf, transfer } from '../test/builders.js';
import { Books } from './books.js';
import type { AnyFact } from './posting-rules.js';

const everyone = ['platform:A', 'platform:B', 'creator:K'].map(registered);
const open = () => new Bookkeeper().facts(...everyone);
const sells = (seller: string, owner: string, hubFee: number, amount: number, share: number, creator = 0) =>
  captured([
    split('provider:alipay', seller, amount),
    split(seller, owner, share, 'owner-share'),
    split(owner, 'hub:fees', hubFee, 'platform-service-fee'),
    ...(creator ? [split(owner, 'creator:K', creator, 'creator-share')] : []),
  ]);
const payout = {
  payoutId: 'po_1',
  settlementId: 's1',
  party: 'platform:A',
  direction: 'payout',
  amountMinor: 900,
  currency: 'CNY',
  bank: 'icbc',
} as const;

describe('the worked examples', () => {
  it('1: one item of 10.00, two fees', () => {
    const keeper = open().facts(captured(example1));
    expect(['provider:alipay', 'platform:A', 'platform:B', 'hub:fees'].map((each) => keeper.posted(each))).toEqual([-1000, 900, -50, 150]);
  });

  it('2 and 3: two sales across platforms', () => {
    const keeper = open().facts(sells('platform:A', 'platform:B', 30, 3000, 2400, 1659));
    expect(['platform:A', 'platform:B', 'creator:K', 'hub:fees'].map((each) => keeper.posted(each))).toEqual([600, 711, 1659, 30]);
    keeper.facts(sells('platform:B', 'platform:A', 50, 5000, 4000));
    expect(['platform:A', 'platform:B', 'creator:K', 'hub:fees'].map((each) => keeper.posted(each))).toEqual([4550, 1711, 1659, 80]);
    expect(keeper.posted('provider:alipay')).toBe(-8000);
  });

  it('4.00 back of example 1', () => {
    const keeper = open().facts(
      captured(example1),
      refunded([split('platform:A', 'provider:alipay', 400), split('hub:fees', 'platform:A', 40), split('hub:fees', 'platform:B', 20)]),
    );
    expect(['platform:A', 'platform:B', 'hub:fees', 'provider:alipay'].map((each) => keeper.posted(each))).toEqual([540, -30, 90, -600]);
  });
});

describe('facts', () => {
  it('are entries with gapless numbers, their kind, subject and position', () => {
    const keeper = open().facts(captured(example1), captured(example1, { paymentId: 'pay_2' }));
    const [event] = keeper.journal.slice(-1);
    expect(event).toMatchObject({
      firstEntry: 0,
      sourcePosition: '5',
      entries: [
        { kind: 'PaymentCaptured', ref: 'pay_1', position: '4' },
        { ref: 'pay_2', position: '5' },
      ],
    });
    expect(keeper.books.nextEntry).toBe(2);
  });

  it('drop transfers of nothing and to oneself; a fact without transfers is no entry', () => {
    const keeper = open().facts(captured([split('provider:alipay', 'platform:A', 0), split('platform:A', 'platform:A', 5)]));
    expect(keeper.books.nextEntry).toBe(0);
    expect(keeper.journal).toHaveLength(1);
  });

  it('of more than 100 transfers become several entries', () => {
    const keeper = open().facts(captured(Array.from({ length: 250 }, () => split('provider:alipay', 'platform:A', 1))));
    expect(keeper.journal.at(-1)?.entries.map(({ transfers }) => transfers.length)).toEqual([100, 100, 50]);
    expect(keeper.posted('platform:A')).toBe(250);
  });

  it('of which nothing is left but suspense leave an entry that moves nothing, for a correction to name', () => {
    const transfers = [{ from: 'hub:suspense', to: 'platform:AA', amountMinor: 500, kind: 'bank-line-explained' }];
    const line = { bank: 'icbc', lineId: 'l1', amountMinor: 500, currency: 'CNY', account: 'platform:AA', note: 'n', transfers };
    const explained: AnyFact = { type: 'BankLineExplained', ...line, proposedBy: 'operator:fin', by: 'operator:boss', explainedAt: '' };
    const came: AnyFact = {
      ...{ type: 'BankLineRecorded', bank: 'icbc', lineId: 'l1', sequence: 1, amountMinor: 500, currency: 'CNY', reference: '' },
      ...{ match: { kind: 'unmatched', reason: 'unknown_reference' }, bookedAt: '' },
    };
    const keeper = new Bookkeeper().facts(came).facts(explained);
    expect(keeper.alarms).toEqual(['account_unknown platform:AA']);
    const [original] = keeper.journal[1]?.entries ?? [];
    expect(original).toEqual({ kind: 'BankLineExplained', ref: 'l1', position: '2', transfers: [] });
    keeper.facts(registered('platform:AA'));
    const correction = { ...postEntry('c1', [transfer('hub:suspense', 'platform:AA', 500)], 1), ...(original && { original }) };
    expect(keeper.command(correction)).toMatchObject({ outcome: { result: 'accepted' } });
    expect(keeper.journal.at(-1)?.entries).toMatchObject([{ corrects: 1, correctsPosition: '2' }]);
    expect([keeper.posted('platform:AA'), keeper.posted('hub:suspense')]).toEqual([500, 0]);
  });

  it('of an account that nobody registered go to suspense, with an alarm', () => {
    const keeper = open().facts(captured([split('provider:alipay', 'platform:X', 1000), split('platform:X', 'hub:fees', 100)]));
    expect([keeper.posted('hub:suspense'), keeper.posted('platform:X'), keeper.posted('hub:fees')]).toEqual([900, 0, 100]);
    expect(keeper.alarms).toEqual(['account_unknown platform:X']);
  });

  it('post past a minimum balance, a cap, a freeze and a closing, each with an alarm', () => {
    const keeper = open().facts({ type: 'LimitsSet', party: 'platform:B', currency: 'CNY', minimumBalanceMinor: 0, netDebitCapMinor: 40 });
    keeper.command({ command: 'FreezeAccount', commandId: 'f', account: 'platform:A' });
    keeper.command({ command: 'CloseAccount', commandId: 'c', account: 'creator:K' });
    keeper.facts(captured(example1), captured([split('provider:alipay', 'creator:K', 1)]));
    expect(keeper.posted('platform:B')).toBe(-50);
    expect(new Set(keeper.alarms)).toEqual(
      new Set(['account_frozen platform:A', 'limit_passed platform:B', 'cap_passed platform:B', 'account_closed creator:K']),
    );
  });

  it('that raise an account under its limit raise no alarm', () => {
    const keeper = open().facts(captured(example1), { type: 'LimitsSet', party: 'platform:B', currency: 'CNY', minimumBalanceMinor: 0 });
    keeper.facts(captured([split('provider:alipay', 'platform:B', 20)]));
    expect(keeper.alarms).toEqual([]);
  });

  it('overdraw a wallet only with an alarm, without anybody having set it a limit', () =>
    expect(open().facts(captured([split('user:u:wallet', 'platform:A', 5)])).alarms).toEqual(['limit_passed user:u:wallet']));

  it('that commit a hold nobody placed raise an alarm', () =>
    expect(open().facts(captured(example1, { holdId: 'h1' })).alarms).toEqual(['hold_missing provider:alipay']));

  it('count in the net until a settlement has paid it; payouts do not', () => {
    const keeper = open().facts(captured(example1));
    expect([keeper.net('platform:A'), keeper.net('platform:B'), keeper.net('hub:fees')]).toEqual([900, -50, 0]);
    keeper.facts(
      { type: 'PayoutInstructed', ...payout, attempt: 1, accountNumber: '62', holder: 'A' },
      {
        type: 'SettlementSettled',
        settlementId: 's1',
        model: 'm',
        currency: 'CNY',
        windowIds: [],
        parties: [{ party: 'platform:A', netMinor: 900 }],
        settledAt: '',
      },
    );
    expect([keeper.net('platform:A'), keeper.posted('platform:A'), keeper.posted('transit:po_1')]).toEqual([0, 0, 900]);
  });

  it('that do nothing leave no trace, but a closed window marks how far the books are', () => {
    const keeper = open().facts({ type: 'AttemptDeclined', attempt: 1, code: 'x' });
    expect(keeper.journal).toHaveLength(1);
    keeper.facts({
      type: 'WindowClosed',
      windowId: 'w1',
      model: 'm',
      currency: 'CNY',
      sequence: 1,
      nextWindowId: 'w2',
      closedAt: '',
      by: 'op',
    });
    expect(keeper.journal.at(-1)).toMatchObject({ sourcePosition: '5', entries: [] });
  });
});

describe('holds', () => {
  const wallet = () =>
    open().facts({
      type: 'TopUpCaptured',
      topUpId: 't1',
      userId: 'u',
      provider: 'alipay',
      providerRef: 'x',
      amountMinor: 1000,
      currency: 'CNY',
    });

  it('reserve until the capture that commits them', () => {
    const keeper = wallet();
    expect(keeper.command(placeHold('h1', 'user:u:wallet', 600)).outcome).toMatchObject({
      result: 'accepted',
      subject: 'h1',
      ref: 'ref h1',
      purpose: 'payment',
    });
    expect([keeper.posted('user:u:wallet'), keeper.available('user:u:wallet')]).toEqual([1000, 400]);
    keeper.facts(captured([split('user:u:wallet', 'platform:A', 600)], { holdId: 'h1' }));
    expect([keeper.posted('user:u:wallet'), keeper.available('user:u:wallet')]).toEqual([400, 400]);
    expect(keeper.journal.at(-1)?.holds).toEqual([{ change: 'committed', holdId: 'h1', entry: 1 }]);
    expect(keeper.alarms).toEqual([]);
  });

  it('are released by the end of a payment without money', () => {
    const keeper = wallet();
    keeper.command(placeHold('h1', 'user:u:wallet', 600));
    keeper.facts({ type: 'PaymentExpired', paymentId: 'pay_1', platformId: 'A', orderId: 'o1', holdId: 'h1' });
    expect(keeper.available('user:u:wallet')).toBe(1000);
    expect(keeper.books.hold('h1')?.status).toBe('voided');
  });

  it('of payouts are committed by the instruction, and released when the payout is carried', () => {
    const keeper = open().facts(captured(example1));
    const instructed = { type: 'PayoutInstructed', ...payout, accountNumber: '62', holder: 'A' } as const;
    keeper.command(placeHold('h1', 'platform:A', 900, { purpose: 'payout' }));
    keeper.facts({ ...instructed, attempt: 1, holdId: 'h1' }, { type: 'PayoutFailed', ...payout, code: 'x' });
    keeper.command(placeHold('h2', 'platform:A', 900, { purpose: 'payout' }));
    expect(keeper.available('platform:A')).toBe(0);
    keeper.facts({ type: 'PayoutCarried', ...payout, model: 'm', by: 'op', holdId: 'h2' });
    expect([keeper.available('platform:A'), keeper.posted('transit:po_1')]).toEqual([900, 0]);
    expect(keeper.alarms).toEqual([]);
  });

  it('expire at their time, with whatever batch comes then', () => {
    const keeper = wallet();
    keeper.command(placeHold('h2', 'user:u:wallet', 100, { expiresAt: '2026-01-01T00:02:00Z' }));
    keeper.command(placeHold('h1', 'user:u:wallet', 200, { expiresAt: '2026-01-01T00:01:00Z' }));
    expect(keeper.books.nextExpiryMs).toBe(Date.parse('2026-01-01T00:01:00Z'));
    keeper.nowMs += 60_000;
    keeper.write([]);
    expect([keeper.available('user:u:wallet'), keeper.books.hold('h1')?.status, keeper.books.hold('h2')?.status]).toEqual([
      900,
      'expired',
      'placed',
    ]);
    keeper.nowMs += 60_000;
    keeper.write([]);
    expect([keeper.available('user:u:wallet'), keeper.books.nextExpiryMs]).toEqual([1000, undefined]);
  });

  it('that were committed before their time do not expire', () => {
    const keeper = wallet();
    keeper.command(placeHold('h1', 'user:u:wallet', 200, { expiresAt: '2026-01-01T00:01:00Z' }));
    keeper.command({ command: 'CommitHold', commandId: 'c', holdId: 'h1', transfers: [transfer('user:u:wallet', 'platform:A', 150)] });
    keeper.nowMs += 60_000;
    expect(keeper.write([])).toEqual([]);
    expect([keeper.posted('user:u:wallet'), keeper.available('user:u:wallet')]).toEqual([850, 850]);
  });
});

describe('the money of clients', () => {
  it('is what is owed to them, beside the cash there is', () => {
    const keeper = open().facts(captured(example1));
    const { clientMoney, cash } = keeper.books.currency('CNY');
    expect([clientMoney, cash]).toEqual([900n, 1000n]);
  });

  it('counts what is held for a payout as promised, once', () => {
    const keeper = open().facts(captured(example1));
    keeper.command(placeHold('h1', 'platform:A', 900, { purpose: 'payout' }));
    expect(keeper.books.currency('CNY').clientMoney).toBe(900n);
    keeper.command(placeHold('h2', 'hub:fees', 100, { purpose: 'payout' }));
    expect(keeper.books.currency('CNY').clientMoney).toBe(1000n);
  });
});

describe('the fold of the journal', () => {
  it('refuses an event that does not follow', () => {
    const { journal } = open().facts(captured(example1), captured(example1));
    expect(() => new Books().apply(journal[1]!, 0)).not.toThrow();
    expect(() => new Books().apply(journal[1]!, 1)).toThrow('the books expect event 0');
    expect(() => new Books().apply({ ...journal[1]!, firstEntry: 7 }, 0)).toThrow('begins with entry 7');
  });

  it('leaves the books alone while a batch is decided', () => {
    const keeper = open().facts(captured(example1));
    const before = stateOf(keeper.books);
    const draft = keeper.books.draft();
    draft.post({ kind: 'PostEntry', ref: 'x', transfers: [transfer('platform:A', 'platform:B', 5)] });
    expect(stateOf(keeper.books)).toEqual(before);
    expect(draft.balance('platform:A', 'CNY').posted).toBe(895n);
  });

  it('remembers only so many ended holds and outcomes', () => {
    const keeper = new Bookkeeper({ endedHolds: 2, outcomes: 3 }).facts(...everyone);
    for (const id of ['h1', 'h2', 'h3']) {
      keeper.command(placeHold(id, 'platform:A', 1));
      keeper.command({ command: 'VoidHold', commandId: `void ${id}`, holdId: id });
    }
    expect(['h1', 'h2', 'h3'].map((id) => keeper.books.hold(id)?.status)).toEqual([undefined, 'voided', 'voided']);
    expect(['place h2', 'void h2', 'void h3'].map((id) => keeper.books.outcome(id)?.result)).toEqual([undefined, 'accepted', 'accepted']);
  });

  it('finds the event of an entry', () => {
    const keeper = open().facts(captured(example1), captured(example1)).facts(captured(example1));
    expect([-1, 0, 1, 2, 3].map((entry) => keeper.books.revisionOf(entry))).toEqual([undefined, 1, 1, 2, undefined]);
  });
});
