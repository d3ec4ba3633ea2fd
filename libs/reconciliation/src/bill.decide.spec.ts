import { describe, expect, it } from '@jest/globals';
import type { BillReceived } from '@tongbao/contracts';
import { billFold, billIdOf, type BillState } from './bill.js';
import { decideBill, type BillCommand, type ReadBill } from './bill.decide.js';
import type { BillEvent } from './facts.js';

const reference = { billId: 'bill_1', provider: 'alipay', bill: 'trade' as const, day: '2026-03-01' };
const given: Omit<BillReceived, 'type'> = {
  ...{ ...reference, from: '2026-02-28T16:00:00.000Z', to: '2026-03-01T16:00:00.000Z' },
  ...{ sha256: 'ab', bytes: 5, by: 'operator:fin', receivedAt: '2026-03-02T00:00:00.000Z' },
};
const received: BillReceived = { type: 'BillReceived', ...given };
const read: ReadBill = { fit: true, verified: true, rows: 2, lines: 2, problemCount: 0, problems: [], sums: [], payouts: [] };
const unfit: ReadBill = { ...read, fit: false, problemCount: 1, problems: [{ code: 'truncated', message: '' }] };
const imported = (of: ReadBill): BillEvent => ({ type: 'BillImported', ...reference, ...of, importedAt: '' });
const accepted: BillEvent = { type: 'BillAccepted', ...reference, by: 'operator:boss', note: 'n', acceptedAt: '' };

const after = (...events: BillEvent[]): BillState => events.reduce(billFold.evolve, billFold.initial);
const receive: BillCommand = { type: 'ReceiveBill', received: given };
const recordFit: BillCommand = { type: 'RecordImport', read, now: 'now' };
const accept = (by = 'operator:boss'): BillCommand => ({ type: 'AcceptBill', by, note: 'ask no more', now: 'now' });

const payout = { payoutId: 'po_1', amountMinor: 5, currency: 'USD' };

describe('a bill', () => {
  it.each<[string, BillEvent[], BillCommand, unknown]>([
    ['that is new is received', [], receive, { events: [received] }],
    ['that was given before is the same bill', [received], receive, { events: [] }],
    ['that was given and read before is the same bill', [received, imported(read)], receive, { events: [] }],
    [
      'of a payout of another amount is another one under the same name',
      [{ ...received, payout }],
      { type: 'ReceiveBill', received: { ...given, payout: { ...payout, amountMinor: 6 } } },
      { refused: 'already_exists' },
    ],
    ['that nobody gave is not read', [], recordFit, { refused: 'not_found' }],
    ['is read', [received], recordFit, { events: [{ type: 'BillImported', ...reference, ...read, importedAt: 'now' }] }],
    ['is read once', [received, imported(unfit)], recordFit, { events: [] }],
    ['that nobody gave is not accepted', [], accept(), { refused: 'not_found' }],
    ['that is not read is not accepted', [received], accept(), { refused: 'state_conflict' }],
    ['that is fit needs no accepting', [received, imported(read)], accept(), { refused: 'state_conflict' }],
    ['is not accepted by who gave it', [received, imported(unfit)], accept('operator:fin'), { refused: 'four_eyes' }],
    [
      'with problems is accepted by somebody else',
      [received, imported(unfit)],
      accept(),
      { events: [{ type: 'BillAccepted', ...reference, by: 'operator:boss', note: 'ask no more', acceptedAt: 'now' }] },
    ],
    ['is accepted once', [received, imported(unfit), accepted], accept('operator:ada'), { refused: 'state_conflict' }],
  ])('%s', (_, events, command, expected) => expect(decideBill(command, after(...events))).toEqual(expected));

  it('has a name of its own for each day, kind, payout and content', () => {
    const name = { provider: 'alipay', bill: 'trade' as const, day: '2026-03-01', sha256: 'ab' };
    const others = [
      name,
      { ...name, provider: 'wechatpay' },
      { ...name, bill: 'fund' as const },
      { ...name, day: '2026-03-02' },
      { ...name, sha256: 'cd' },
      { ...name, payoutId: 'po_1' },
    ];
    expect(new Set(others.map(billIdOf)).size).toBe(others.length);
    expect(billIdOf({ ...name })).toBe(billIdOf(name));
  });
});
