import { describe, expect, it } from '@jest/globals';
import { checkMessage, checkReceived, compileChecks, schemaFor } from './check-message.js';
import type { PaymentCapturedMessage, PaymentSettledMessage } from './messages.js';
import type { RequestPayment } from './platform-commands.js';
import { messageSchemas } from './message-schemas.generated.js';
import { platformEventsTopic, topics } from './topics.js';

const reference = { paymentId: `pay_${'a'.repeat(32)}`, platformId: 'A', orderId: 'order-1' };
const captured: PaymentCapturedMessage = { type: 'PaymentCaptured', ...reference, amountMinor: 1000, currency: 'CNY', provider: 'alipay' };
const settled: PaymentSettledMessage = {
  type: 'PaymentSettled',
  ...reference,
  settlementId: 'stl_1',
  windowId: 'dnm_CNY_000001',
  sides: [{ party: 'platform:A', netMinor: -50 }],
};
const requested: RequestPayment = {
  type: 'RequestPayment',
  commandId: 'order-1/1',
  platformId: 'A',
  issuedAt: '2026-11-23T08:00:00+08:00',
  data: {
    platformId: 'A',
    orderId: 'order-1',
    payer: { userId: 'u1' },
    items: [{ contentId: 'article-1', unitPriceMinor: 1000, quantity: 1, agreementId: 'standard' }],
    amountMinor: 1000,
    currency: 'CNY',
    method: { provider: 'alipay' },
  },
};
const withoutCurrency = { ...captured, currency: undefined };

describe('a message is checked against its contract', () => {
  it.each([
    ['as it should be', captured, undefined],
    ['with a field missing', JSON.parse(JSON.stringify(withoutCurrency)), "PaymentCaptured must have required property 'currency'"],
    ['with half a cent', { ...captured, amountMinor: 0.5 }, 'PaymentCaptured/amountMinor must be integer'],
    ['with a negative amount', { ...captured, amountMinor: -1 }, 'PaymentCaptured/amountMinor must be >= 0'],
    ['with more than a double tells', { ...captured, amountMinor: 2 ** 53 }, 'PaymentCaptured/amountMinor must be <= 9007199254740991'],
    ['with no currency code', { ...captured, currency: 'yuan' }, 'PaymentCaptured/currency must match pattern "^[A-Z]{3}$"'],
    ['with a field that is nobody’s business', { ...captured, split: [] }, 'PaymentCaptured must NOT have additional properties: split'],
    ['with the type of another', { ...captured, type: 'PaymentSettled' }, 'PaymentCaptured/type must be equal to constant'],
    ['that is no object', 'captured', 'PaymentCaptured must be object'],
  ])('%s', (_, data, wrong) => expect(checkMessage(topics.paymentEvents, 'PaymentCaptured', data)).toBe(wrong));

  it('down to the items of a list', () => {
    expect(checkMessage(topics.paymentEvents, 'PaymentSettled', settled)).toBeUndefined();
    const sides = [...settled.sides, { party: 'hub:fees', netMinor: 50 }];
    expect(checkMessage(topics.paymentEvents, 'PaymentSettled', { ...settled, sides })).toMatch(
      /^PaymentSettled\/sides\/1\/party must match/,
    );
  });

  it('never telling a value that it holds', () =>
    expect(checkMessage(topics.paymentEvents, 'PaymentCaptured', { ...captured, provider: 'Secret!' })).not.toContain('Secret'));

  it('on a topic that has none of its type', () => {
    expect(checkMessage(topics.ledgerEvents, 'PaymentCaptured', captured)).toBe(
      'tongbao.ledger.events has no message of the type PaymentCaptured',
    );
    expect(checkMessage(topics.paymentEvents, 'constructor', captured)).toBe(
      'tongbao.payment.events has no message of the type constructor',
    );
  });

  it('on the topic of any platform', () => {
    for (const topic of ['A', 'B.events'].map(platformEventsTopic)) {
      expect(checkMessage(topic, 'PaymentCaptured', captured)).toBeUndefined();
      expect(checkMessage(topic, 'PaymentAuthorized', { type: 'PaymentAuthorized', ...reference })).toBeUndefined();
      expect(checkMessage(topic, 'PaymentCaptured', {})).toBeDefined();
      expect(checkMessage(topic, 'PlaceHold', {})).toBe(`${topic} has no message of the type PlaceHold`);
    }
    expect(checkMessage(topics.paymentEvents, 'PaymentAuthorized', { type: 'PaymentAuthorized', ...reference })).toBeDefined();
  });

  it('as a platform signed it: times with any zone, and no unknown field', () => {
    const check = (command: object) => checkMessage(topics.paymentCommands, 'RequestPayment', command);
    expect(check(requested)).toBeUndefined();
    expect(check({ ...requested, issuedAt: '2026-11-23T08:00:00' })).toBe('RequestPayment/issuedAt must match format "date-time"');
    expect(check({ ...requested, data: { ...requested.data, discount: 1 } })).toBe(
      'RequestPayment/data must NOT have additional properties: discount',
    );
  });
});

describe('a message that came in is checked', () => {
  it('as what is published, but for fields that are new', () => {
    expect(checkReceived(topics.paymentEvents, 'PaymentCaptured', { ...captured, sharedWith: ['B'] })).toBeUndefined();
    expect(checkReceived(topics.paymentEvents, 'PaymentCaptured', {})).toBe("PaymentCaptured must have required property 'paymentId'");
    expect(checkReceived(topics.paymentEvents, 'PaymentSettled', { ...settled, sides: [7] })).toBe('PaymentSettled/sides/0 must be object');
  });
  it('where its type is known', () => expect(checkReceived(topics.paymentEvents, 'PaymentGivenAway', {})).toBeUndefined());
});

describe('the schemas for readers', () => {
  it('allow fields that are new', () => {
    const schema = schemaFor(topics.paymentEvents, 'PaymentCaptured');
    expect(schema).toMatchObject({ title: 'PaymentCaptured', type: 'object' });
    expect(schema).not.toHaveProperty('additionalProperties');
  });
  it('are there for the topics of platforms, and for nothing that is no message', () => {
    expect(schemaFor(platformEventsTopic('A'), 'CommandAccepted')).toMatchObject({ title: 'CommandAccepted' });
    expect(schemaFor(topics.ledgerCommands, 'PaymentCaptured')).toBeUndefined();
  });
});

it('every schema compiles', () => {
  compileChecks();
  for (const name of Object.keys(messageSchemas)) {
    const [topic = '', type = ''] = name.split(' ');
    expect(checkMessage(topic, type, {})).toMatch(new RegExp(`^${type} must have required property`));
    expect(checkReceived(topic, type, {})).toBe(checkMessage(topic, type, {}));
  }
});
