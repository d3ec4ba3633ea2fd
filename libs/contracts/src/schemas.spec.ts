import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { closed, type Schema } from './schema.js';

const folder = fileURLToPath(new URL('../', import.meta.url));
const json = (path: string) => JSON.parse(readFileSync(`${folder}${path}`, 'utf8'));
const files = (pattern: string) => globSync(pattern, { cwd: folder }).sort();

const ajv = new Ajv2020({ strict: true });
addFormats.default(ajv);

describe('an event that was ever written is what its contract says', () => {
  it.each(files('golden/*/*.json'))('%s', (path) => {
    // Of a version that has got optional fields there may be further files: `BankAccountApproved.v1.currency.json`.
    const name = path.replace('golden/', 'facts/').replace(/(\.v\d+)\.\w+\.json$/, '$1.json');
    // A version that has been followed by another one is no longer made from the types: it stays among the released ones.
    const schema: Schema = json(files(`schemas/${name}`)[0] ?? `released/${name}`);
    const isRight = ajv.validate({ ...closed(schema), $id: path }, json(path).event);
    expect(ajv.errors ?? []).toEqual([]);
    expect(isRight).toBe(true);
  });
});

it('every fact that is told of has a golden event, and every golden event a contract', () =>
  expect(files('golden/*/*.json').map((path) => path.replace('golden/', ''))).toEqual(
    expect.arrayContaining(files('schemas/facts/*/*.json').map((path) => path.replace('schemas/facts/', ''))),
  ));

describe('a contract is JSON Schema 2020-12, and open to fields that are new', () => {
  it.each(files('schemas/**/*.json'))('%s', (path) => {
    const schema: Schema = json(path);
    expect(() => ajv.compile(schema)).not.toThrow();
    expect({ id: schema.$id, isOpen: !JSON.stringify(schema).includes('additionalProperties') }).toEqual({
      id: path.replace('schemas/', ''),
      isOpen: true,
    });
  });
});

describe('money is exact in every contract', () => {
  it.each(files('schemas/**/*.json'))('%s', (path) => {
    const amounts: [name: string, schema: Schema][] = [];
    JSON.parse(readFileSync(`${folder}${path}`, 'utf8'), (key: string, value: Schema) => {
      if (/Minor$/.test(key)) amounts.push([key, value]);
      return value;
    });
    for (const [name, schema] of amounts) {
      expect({ name, type: schema.type }).toEqual({ name, type: 'integer' });
      expect(schema.maximum).toBeLessThanOrEqual(Number.MAX_SAFE_INTEGER);
      expect(schema.minimum).toBeGreaterThanOrEqual(Number.MIN_SAFE_INTEGER);
    }
  });
});

describe('a command over Kafka has the fields and limits that it has over HTTP', () => {
  const bodies: Record<string, Schema> = json('../../docs/api/openapi.json').components.schemas;
  const commands = 'schemas/messages/tongbao.payment.commands';
  const data = (type: string, definition: string): Schema => json(`${commands}/${type}.v1.json`).$defs[definition];

  /** Rules only: texts differ, and the types of nested fields are named differently. */
  const ruleOf = (schema: Schema) =>
    Object.fromEntries(Object.entries(schema).filter(([keyword]) => !['description', '$ref', 'items'].includes(keyword)));
  const rules = ({ properties = {}, required = [] }: Schema, except: string[] = []) => ({
    required: required.filter((name) => !except.includes(name)),
    fields: Object.fromEntries(
      Object.entries(properties)
        .filter(([name]) => !except.includes(name))
        .map(([name, schema]) => [name, ruleOf(schema)]),
    ),
  });

  it('RequestPayment: POST /v1/payments', () =>
    expect(rules(data('RequestPayment', 'PaymentRequestData'))).toEqual(rules(bodies.PaymentBody!)));
  it('CancelPayment: its body and the payment', () =>
    expect(rules(data('CancelPayment', 'CancelPaymentData'), ['paymentId'])).toEqual(rules(bodies.CancelBody!)));
  it('RefundPayment: its body and the payment', () =>
    expect(rules(data('RefundPayment', 'RefundPaymentData'), ['paymentId'])).toEqual(rules(bodies.RefundBody!)));
});
