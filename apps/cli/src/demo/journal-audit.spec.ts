import { describe, expect, it } from '@jest/globals';
import type { EntriesPosted, JournalEntry, JournalTransfer } from '@tongbao/contracts';
import { JournalAudit } from './journal-audit.js';

const transfer = (from: string, to: string, amountMinor: number, currency = 'CNY'): JournalTransfer => ({
  from,
  to,
  amountMinor,
  currency,
  kind: 'any',
});
const entry = (kind: string, ...transfers: JournalTransfer[]): JournalEntry => ({ kind, ref: 'ref', transfers });

const posted = (firstEntry: number, ...entries: JournalEntry[]): EntriesPosted => ({
  ...{ type: 'EntriesPosted', epoch: 1, sourcePosition: '1', firstEntry, entries },
  ...{ holds: [], limits: [], accounts: [], outcomes: [], alarms: [], postedAt: '2026-01-01T00:00:00.000Z' },
});

describe('adding the journal up', () => {
  const audit = new JournalAudit();
  const captured = entry('PaymentCaptured', transfer('provider:alipay', 'platform:A', 1_000), transfer('platform:A', 'hub:fees', 100));
  audit.add(posted(1, captured, entry('PayoutInstructed', transfer('platform:A', 'transit:p1', 900))));
  audit.add(posted(3, entry('PaymentCaptured', transfer('provider:stripe', 'platform:A', 7, 'USD'))));

  it('gives balances by account and currency', () => {
    expect(audit.balanceOf('platform:A', 'CNY')).toBe(0n);
    expect(audit.balanceOf('platform:A', 'USD')).toBe(7n);
    expect(audit.balanceOf('provider:alipay', 'CNY')).toBe(-1_000n);
    expect(audit.balanceOf('nobody', 'CNY')).toBe(0n);
  });

  it('tells what a party earned from what it was paid', () => expect(audit.earnedBy('platform:A', 'CNY')).toBe(900n));

  it('earns nothing for others than parties', () => expect(audit.earnedBy('hub:fees', 'CNY')).toBe(0n));

  it('counts entries', () => expect(audit.entries).toBe(3));
});
