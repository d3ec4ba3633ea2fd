import { describe, expect, it } from '@jest/globals';
import { UsageError } from './exit-codes.js';
import { paymentIdOf, toPaymentId } from './payment-reference.js';

describe("a payment's id", () => {
  it("is base32 of the order's hash, as the hub gives it", () =>
    expect(paymentIdOf('A', 'order-1')).toBe('pay_6f2vuyu7f2itbseb7a2syucosuthcdht'));

  it('differs between platforms', () => expect(paymentIdOf('B', 'order-1')).not.toBe(paymentIdOf('A', 'order-1')));
});

describe('naming a payment', () => {
  it('by its id leaves it as it is', () => expect(toPaymentId(`pay_${'a'.repeat(32)}`)).toBe(`pay_${'a'.repeat(32)}`));

  it('by platform and order gives its id', () => expect(toPaymentId('A/order-1')).toBe(paymentIdOf('A', 'order-1')));

  it.each(['', 'pay_1', 'A', 'A/', '/order-1', 'A/order 1', 'A/b/c'])('by %j is a wrong usage', (reference) =>
    expect(() => toPaymentId(reference)).toThrow(UsageError),
  );
});
