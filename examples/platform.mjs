// A platform at work: makes a key, has it registered, sells, refunds. Against a hub on this machine: `npm start`, then `node examples/platform.mjs`.
import { readFileSync } from 'node:fs';
import { generateKey, publicKeyOf, TongbaoClient, TongbaoRefusal } from '@tongbao/client';

const url = process.env.TONGBAO_URL ?? 'http://127.0.0.1:8080';
const operators = JSON.parse(readFileSync(`${process.env.TONGBAO_DATA ?? './data'}/operators.json`, 'utf8'));
const platformId = `example-${Date.now()}`;

/** What an operator of the hub does once. */
async function asOperator(path, body) {
  const headers = {
    authorization: `Bearer ${operators.find(({ name }) => name === 'ops').token}`,
    'content-type': 'application/json',
    'idempotency-key': `${platformId}-${path}`,
  };
  const response = await fetch(`${url}${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
  if (!response.ok) throw new Error(`${path}: ${await response.text()}`);
}

const key = generateKey();
await asOperator('/v1/platforms', { platformId, name: 'An example', currencies: ['CNY'], methods: ['alipay'] });
await asOperator(`/v1/platforms/${platformId}/keys`, { jwk: publicKeyOf(key) });
await asOperator('/v1/agreements', {
  agreementId: platformId,
  name: 'An example',
  rules: [{ from: 'seller', to: 'hub', kind: 'platform-service-fee', basis: 'gross', rateBasisPoints: 1000, refundable: true }],
});

const tongbao = new TongbaoClient({ url, platformId, key });
const payment = await tongbao.createPayment(
  {
    orderId: 'order-1',
    payer: { userId: 'u1' },
    items: [{ contentId: 'article-1', unitPriceMinor: 1000, quantity: 1, agreementId: platformId }],
    amountMinor: 1000,
    currency: 'CNY',
    method: { provider: 'alipay' },
  },
  { waitSeconds: 10 },
);
console.log(`${payment.paymentId} is ${payment.status}`);
for (const { from, to, amountMinor, kind } of payment.split) console.log(`  ${kind}: ${amountMinor} from ${from} to ${to}`);

const refunded = await tongbao.refundPayment(payment.paymentId, { amountMinor: 400, currency: 'CNY' }, { waitSeconds: 10 });
console.log(`${refunded.refundedMinor} of ${refunded.amountMinor} went back`);

try {
  await tongbao.refundPayment(payment.paymentId, { amountMinor: 700, currency: 'CNY' });
} catch (error) {
  if (!(error instanceof TongbaoRefusal)) throw error;
  console.log(`700 more are refused: ${error.code}`);
}
