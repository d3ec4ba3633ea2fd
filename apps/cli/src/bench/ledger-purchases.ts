import type { JournalTransfer, PaymentCaptured } from '@tongbao/contracts';
import type { Command } from '@tongbao/ledger';

/**
 * Which accounts the entries touch. `spread`: each of many groups of four accounts has its own provider, fee account and two wallets, and no entry touches
 * what the one before it did. `hot`: the provider and the fee account are the same for all, as they are for a hub's payments.
 */
export type Accounts = 'spread' | 'hot';

/** The three transfers of a purchase: paid by a provider into a wallet, of which most goes on to another wallet and the fee to the hub. */
export function purchase(number: number, groups: number, accounts: Accounts): JournalTransfer[] {
  const group = number % groups;
  const [provider, fees] = accounts === 'hot' ? ['provider:bench', 'hub:fees'] : [`provider:bench-${group}`, `hub:fees-${group}`];
  const [payer, payee] = [`user:payer-${group}:wallet`, `user:payee-${group}:wallet`];
  return [
    { from: provider, to: payer, amountMinor: 10_000, currency: 'CNY', kind: 'purchase' },
    { from: payer, to: payee, amountMinor: 9_400, currency: 'CNY', kind: 'share' },
    { from: payer, to: fees, amountMinor: 600, currency: 'CNY', kind: 'platform-service-fee' },
  ];
}

export const purchaseCommand = (id: string, transfers: readonly JournalTransfer[]): Extract<Command, { command: 'PostEntry' }> => ({
  command: 'PostEntry',
  commandId: id,
  ref: `pay_${id}`,
  transfers,
});

/** The same as a fact of the log. */
export const purchaseFact = (id: string, transfers: readonly JournalTransfer[]): PaymentCaptured => ({
  type: 'PaymentCaptured',
  paymentId: `pay_${id}`,
  platformId: 'bench',
  orderId: id,
  attempt: 1,
  provider: 'bench',
  providerRef: id,
  amountMinor: 10_000,
  currency: 'CNY',
  split: transfers.map(({ from, to, amountMinor, kind }) => ({ from, to, amountMinor, kind, refundable: true })),
  expectedProviderFeeMinor: 0,
  capturedAt: '2026-01-01T00:00:00.000Z',
});
