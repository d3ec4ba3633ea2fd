import type { SettlementModel } from '../src/models.js';

/** Deferred net multilateral, settled by hand. */
export const modelFor = (currency: string, change: Partial<SettlementModel> = {}): SettlementModel => ({
  name: 'dnm',
  currency,
  granularity: 'net',
  interchange: 'multilateral',
  delay: 'deferred',
  minimumPayoutMinor: 100,
  collection: 'debit',
  automaticApprovalUpToMinor: 1_000_000,
  ...change,
});
