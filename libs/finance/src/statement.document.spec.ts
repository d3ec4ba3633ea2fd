import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { amountText, timeIn } from './statement.document.js';
import { accountNumberOf } from './statement.identity.js';
import { kindIn, languages, texts } from './statement.texts.js';

describe('an amount on paper', () => {
  it.each([
    [0, 'CNY', '0.00'],
    [-50, 'USD', '-0.50'],
    [123_456_789, 'CNY', '1,234,567.89'],
    [-100_000, 'CNY', '-1,000.00'],
    [1_234_567, 'JPY', '1,234,567'],
    [1_234_567, 'KWD', '1,234.567'],
  ])('%s of %s is %s', (amountMinor, currency, text) => {
    expect(amountText(amountMinor, currency)).toBe(text);
  });

  it('is the same number, however it is parted', () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), (amountMinor) => Number(amountText(amountMinor, 'CNY').replaceAll(/[,.]/g, '')) === amountMinor),
    );
  });
});

describe('a time on paper', () => {
  it('is that of the zone', () => {
    expect(timeIn('Asia/Shanghai', '2026-03-02T16:01:00.000Z')).toBe('2026-03-03 00:01:00');
  });
});

describe('the texts', () => {
  it('are there in every language', () => {
    for (const text of Object.values(texts)) for (const language of languages) expect(text[language]).not.toBe('');
  });

  it('say what a kind is, also of what takes it back, and leave others as they are', () => {
    expect(kindIn('en', 'refund:purchase')).toBe('Refund: Purchase');
    expect(kindIn('zh', 'dispute:platform-service-fee')).toBe('争议：平台服务费');
    expect(kindIn('en', 'a kind of its own')).toBe('a kind of its own');
    expect(kindIn('en', 'other:purchase')).toBe('other:purchase');
  });
});

describe('the account number of a party', () => {
  it('is its name where that fits, else one that fits and is its own', () => {
    expect(accountNumberOf('platform:A')).toBe('platform:A');
    const [one, other] = [accountNumberOf(`creator:${'x'.repeat(64)}`), accountNumberOf(`creator:${'x'.repeat(63)}y`)];
    expect(one).toHaveLength(32);
    expect(one).not.toBe(other);
  });
});
