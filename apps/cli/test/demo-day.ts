import type { DayResult } from '../src/demo/day.js';

const party = 'platform:dorado';

/** One day of the demo as it should be: A sells for 100.00, the newcomer for 20.00, of which 4.00 go back; the bills leave out 3.00. */
export const sampleDay: DayResult = {
  ...{ orders: 2, platforms: 2, grossMinor: 12_000n, refunds: 1, refundedMinor: 400n, failures: [], durationMs: 1_000 },
  windows: [
    { model: 'dnm', windowId: 'dnm_CNY_000001' },
    { model: 'artists', windowId: 'artists_CNY_000001' },
  ],
  models: [
    {
      ...{
        model: 'dnm',
        settlementId: 'stl_1',
        windowIds: ['dnm_CNY_000001'],
        requestedBy: 'operator:finance',
        approvedBy: 'operator:approver',
      },
      parties: [{ party, netMinor: 1_500, action: 'pay_out', carriedOutMinor: 0 }],
      payouts: [
        {
          ...{ payoutId: 'p1', settlementId: 'stl_1', party, direction: 'payout', amountMinor: 1_500, currency: 'CNY' },
          ...{ status: 'confirmed', code: null },
        },
      ],
    },
    {
      ...{ model: 'artists', settlementId: 'stl_2', windowIds: ['artists_CNY_000001'], requestedBy: 'schedule', approvedBy: 'automatic' },
      parties: [{ party: 'creator:artist-01', netMinor: 9_000, action: 'carry', carriedOutMinor: 9_000 }],
      payouts: [],
    },
  ],
  failed: {
    ...{ payoutId: 'p1', party, amountMinor: 1_500, status: 'confirmed' },
    steps: [
      { type: 'PayoutRequested' },
      { type: 'PayoutRefused', code: 'client_money_not_covered' },
      { type: 'PayoutRequested' },
      { type: 'PayoutAwaitingFunds' },
      { type: 'PayoutInstructed' },
      { type: 'PayoutFailed', code: 'account_closed' },
      { type: 'PayoutRequested' },
      { type: 'PayoutInstructed' },
      { type: 'PayoutConfirmed' },
    ],
    lines: [{ lineId: 'sandbox_1', amountMinor: -1_500 }],
  },
  bills: {
    planted: [{ kind: 'missing_at_provider', key: 'k1', on: ['trade', 'fund'] }],
    matched: 2,
    totals: [
      { side: 'events', currency: 'CNY', lines: 3, amountMinor: 11_600, feeMinor: 70 },
      { side: 'trade', currency: 'CNY', lines: 2, amountMinor: 11_300, feeMinor: 68 },
      { side: 'fund', currency: 'CNY', lines: 2, amountMinor: 11_300, feeMinor: 68 },
    ],
    fees: [{ currency: 'CNY', billed: 1, billedMinor: 72, returned: 1, returnedMinor: 4 }],
    breaks: [
      {
        ...{
          breakId: 'brk_1',
          kind: 'missing_at_provider',
          on: ['fund', 'trade'],
          ourKey: 'k1',
          differenceMinor: -300,
          status: 'corrected',
        },
        closing: { proposedBy: 'operator:finance', by: 'operator:approver' },
      },
    ],
    missing: { orderId: 'yuan-1', platformId: 'lyra', amountMinor: 300 },
    paidOutMinor: 11_232,
  },
  finance: {
    positions: { parties: 2, owedByHubMinor: 9_000, owedToHubMinor: 0, sumMinor: 9_000 },
    revenue: {
      ...{ captures: 3, capturedMinor: 13_000, refunds: 2, refundedMinor: 800, feesMinor: 1_100 },
      ...{ providerFeesMinor: 70, providerFeesChargedOnMinor: 2, lossesMinor: 300, netMinor: 732 },
    },
    statement: {
      ...{ party, openingMinor: 0, closingMinor: 0, csv: 'head\nopening\na\nb\nclosing\n', pdfHead: '%PDF-', files: ['/papers/a.csv'] },
      lines: [
        { kind: 'purchase', amountMinor: 1_500 },
        { kind: 'payout', amountMinor: -1_500 },
      ],
    },
  },
};
