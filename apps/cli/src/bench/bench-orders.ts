import { generateKey, publicKeyOf, RequestSigner } from '@tongbao/client';
import type { HubUnderTest } from './hub-under-test.js';

export const sellerId = 'bench-seller';
const processorId = 'bench-processor';
const agreementId = 'bench-agreement';
const provider = 'alipay';

/** What the seller needs to ask for payments. */
export interface Seller {
  signer: RequestSigner;
}

/**
 * Registers two platforms and an agreement whose payments have three transfers each: the price to the seller, a service fee from the seller and a
 * handling fee from the processor, both to the hub.
 */
export async function registerSeller(hub: Pick<HubUnderTest, 'as'>, currencies: readonly string[]): Promise<Seller> {
  const ops = hub.as('ops');
  for (const platformId of [sellerId, processorId]) {
    await ops.post('/v1/platforms', { body: { platformId, name: platformId, currencies, methods: [provider] } });
  }
  const fee = { to: 'hub', basis: 'gross', refundable: true };
  const rules = [
    { ...fee, from: 'seller', kind: 'platform-service-fee', rateBasisPoints: 1_000 },
    { ...fee, from: 'processor', kind: 'payment-handling-fee', rateBasisPoints: 500 },
  ];
  await ops.post('/v1/agreements', { body: { agreementId, name: agreementId, rules } });
  const key = generateKey();
  await ops.post(`/v1/platforms/${sellerId}/keys`, { body: { jwk: publicKeyOf(key) } });
  return { signer: new RequestSigner(sellerId, key) };
}

/** Accounts that settlements pay the seller to and collect from the processor. */
export async function registerBankAccounts(hub: Pick<HubUnderTest, 'as'>): Promise<void> {
  const [finance, approver] = [hub.as('finance'), hub.as('approver')];
  for (const platformId of [sellerId, processorId]) {
    const path = `/v1/platforms/${platformId}/bank-account`;
    const body = { bank: 'sandbox', accountNumber: `6222-${platformId}`, holder: platformId };
    const { bankAccountProposal } = await finance.put<{ bankAccountProposal: { proposalId: string } }>(path, { body });
    await approver.post(`${path}/approve`, { body: { proposalId: bankAccountProposal.proposalId, note: 'for measurements' } });
  }
}

/** An order of 10.00 that the sandbox provider approves. */
export const orderOf = (orderId: string, userId: string, currency: string): object => ({
  platformId: sellerId,
  processorId,
  orderId,
  payer: { userId },
  items: [{ contentId: 'bench-content', unitPriceMinor: 1_000, quantity: 1, agreementId }],
  amountMinor: 1_000,
  currency,
  method: { provider },
});
