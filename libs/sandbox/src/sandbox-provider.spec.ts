import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { SandboxProvider, sandboxSignatureHeader } from './sandbox-provider.js';

let provider: SandboxProvider;
const told: { body: string; signature: string }[] = [];
beforeEach(() => {
  told.length = 0;
  provider = new SandboxProvider({
    file: ':memory:',
    name: 'alipay',
    secret: 's',
    notify: (notification) => Promise.resolve(void told.push(notification)),
  });
});
afterEach(() => provider.dispose());

const signal = new AbortController().signal;
const pay = (token?: string, key = 'k1', capture = true) =>
  provider.pay({ key, amountMinor: 1000, currency: 'CNY', capture, ...(token && { token }) }, signal);

describe('the sandbox provider', () => {
  it('approves, and charges a key once however often it is asked', async () => {
    expect(await pay()).toEqual({ kind: 'captured', providerRef: 'sandbox_k1', amountMinor: 1000, currency: 'CNY' });
    expect(await pay()).toEqual(await provider.query('k1'));
    expect(provider.chargesTaken()).toEqual([{ key: 'k1', takenMinor: 1000, orderedMinor: 1000 }]);
  });
  it('declines with the code it is told', async () =>
    expect(await pay('decline:stolen_card')).toEqual({ kind: 'declined', code: 'stolen_card' }));
  it('knows nothing of a key it has not seen', async () => expect(await provider.query('never')).toEqual({ kind: 'not_found' }));
  it('sends the payer to a page, and captures when the payer has paid there', async () => {
    expect(await pay('action')).toMatchObject({ kind: 'action_required', action: { value: '/v1/sandbox/pay/alipay/k1' } });
    await provider.payerPays('k1');
    expect(await provider.query('k1')).toMatchObject({ kind: 'captured' });
    expect(told).toHaveLength(1);
  });
  it('takes the money and never answers', async () => {
    const gone = new AbortController();
    const answer = provider.pay({ key: 'k1', amountMinor: 1000, currency: 'CNY', capture: true, token: 'timeout' }, gone.signal);
    gone.abort();
    await expect(answer).rejects.toThrow();
    expect(await provider.query('k1')).toMatchObject({ kind: 'captured' });
  });
  it('cannot be reached at first, and has seen nothing then', async () => {
    await expect(pay('unreachable')).rejects.toThrow('cannot be reached');
    expect(await provider.query('k1')).toEqual({ kind: 'not_found' });
    expect(await pay('unreachable')).toMatchObject({ kind: 'captured' });
  });
  it('declines and takes the money after all', async () => {
    expect(await pay('late')).toMatchObject({ kind: 'declined' });
    expect(await provider.query('k1')).toMatchObject({ kind: 'captured' });
    expect(told).toHaveLength(1);
  });
  it('takes another amount', async () => expect(await pay('other-amount:900')).toMatchObject({ kind: 'captured', amountMinor: 900 }));
  it('calls back twice', async () => {
    await pay('twice');
    expect(told).toHaveLength(2);
  });
  it('authorizes and captures later', async () => {
    expect(await pay('approve', 'k1', false)).toMatchObject({ kind: 'authorized' });
    expect(await provider.capture('k1')).toMatchObject({ kind: 'captured' });
  });
  it('closes what nobody has paid, and says captured where somebody has', async () => {
    await pay('action');
    expect(await provider.close('k1')).toEqual({ kind: 'closed' });
    await pay('approve', 'k2');
    expect(await provider.close('k2')).toMatchObject({ kind: 'captured' });
  });
  it('refunds a key once, and pays out what it holds', async () => {
    await pay();
    const refund = { key: 'r1', paymentKey: 'k1', amountMinor: 400, currency: 'CNY' };
    expect(await provider.refund(refund)).toMatchObject({ kind: 'refunded' });
    expect(await provider.refund(refund)).toMatchObject({ kind: 'refunded' });
    expect(await provider.queryRefund('r2')).toEqual({ kind: 'not_found' });
    expect([provider.payOut('CNY', 250), provider.payOut('CNY'), provider.payOut('CNY')]).toEqual([250, 350, 0]);
  });
  it('signs its notifications over the raw bytes', async () => {
    await provider.payerPays('k9');
    const { body, signature } = told[0]!;
    expect(provider.readNotification({ [sandboxSignatureHeader]: signature }, Buffer.from(body))).toBe('k9');
    expect(provider.readNotification({ [sandboxSignatureHeader]: signature }, Buffer.from(body.replace('k9', 'k8')))).toBeUndefined();
    expect(provider.readNotification({}, Buffer.from(body))).toBeUndefined();
  });
});
