import { describe, expect, it } from '@jest/globals';
import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { gaps, incompatibilities } from './compatibility.js';
import { closed, type Schema } from './schema.js';

const object = (properties: Record<string, Schema>, required = Object.keys(properties)): Schema => ({
  type: 'object',
  properties,
  required,
});
const text: Schema = { type: 'string' };
const amount: Schema = { type: 'integer', minimum: 0, maximum: 100 };
const oneOf = (...values: string[]): Schema => ({ type: 'string', enum: values });

const published = 'messages/tongbao.payment.events/PaymentCaptured.v1';
const inner = 'messages/tongbao.ledger.commands/PlaceHold.v1';
const command = 'messages/tongbao.payment.commands/RefundPayment.v1';
const fact = 'facts/payment/PaymentCaptured.v1';

const found = (name: string, before: Schema, now: Schema) => incompatibilities(new Map([[name, now]]), new Map([[name, before]]));
const within = (schema: Schema) => object({ list: { type: 'array', items: schema } });

/** A change of a contract, and who is broken by it. */
const cases: [change: string, before: Schema, now: Schema, breaks: { published: boolean; fact: boolean; command: boolean }][] = [
  ['nothing', object({ a: text, b: amount }), object({ b: amount, a: text }), { published: false, fact: false, command: false }],
  ['a description', object({ a: text }), object({ a: { ...text, description: 'x' } }), { published: false, fact: false, command: false }],
  ['a new optional field', object({ a: text }), object({ a: text, b: text }, ['a']), { published: false, fact: false, command: false }],
  ['a new required field', object({ a: text }), object({ a: text, b: text }), { published: false, fact: true, command: true }],
  ['a required field gone', object({ a: text, b: text }), object({ a: text }), { published: true, fact: true, command: true }],
  ['an optional field gone', object({ a: text, b: text }, ['a']), object({ a: text }), { published: false, fact: false, command: true }],
  ['required, then optional', object({ a: text }), object({ a: text }, []), { published: true, fact: true, command: false }],
  ['optional, then required', object({ a: text }, []), object({ a: text }), { published: false, fact: true, command: true }],
  ['another type', object({ a: text }), object({ a: amount }), { published: true, fact: true, command: true }],
  ['a wider type', object({ a: { type: 'integer' } }), object({ a: { type: 'number' } }), { published: true, fact: true, command: false }],
  [
    'a narrower type',
    object({ a: { type: 'number' } }),
    object({ a: { type: 'integer' } }),
    { published: false, fact: true, command: true },
  ],
  ['null as well', object({ a: text }), object({ a: { type: ['string', 'null'] } }), { published: true, fact: true, command: false }],
  ['a new value', object({ a: oneOf('x') }), object({ a: oneOf('x', 'y') }), { published: true, fact: true, command: false }],
  ['a value gone', object({ a: oneOf('x', 'y') }), object({ a: oneOf('x') }), { published: false, fact: true, command: true }],
  ['values, then any text', object({ a: oneOf('x') }), object({ a: text }), { published: true, fact: true, command: false }],
  ['another constant', object({ a: { const: 'x' } }), object({ a: { const: 'y' } }), { published: true, fact: true, command: true }],
  ['a higher maximum', object({ a: amount }), object({ a: { ...amount, maximum: 200 } }), { published: true, fact: true, command: false }],
  ['a lower maximum', object({ a: amount }), object({ a: { ...amount, maximum: 50 } }), { published: false, fact: true, command: true }],
  ['a lower minimum', object({ a: amount }), object({ a: { ...amount, minimum: -1 } }), { published: true, fact: true, command: false }],
  [
    'no maximum any more',
    object({ a: amount }),
    object({ a: { type: 'integer', minimum: 0 } }),
    { published: true, fact: true, command: false },
  ],
  ['a maximum at last', object({ a: text }), object({ a: { ...text, maxLength: 9 } }), { published: false, fact: true, command: true }],
  ['a pattern at last', object({ a: text }), object({ a: { ...text, pattern: '^x' } }), { published: false, fact: true, command: true }],
  ['another pattern', object({ a: { pattern: 'y' } }), object({ a: { pattern: 'x' } }), { published: true, fact: true, command: true }],
  ['no format any more', object({ a: { format: 'date-time' } }), object({ a: {} }), { published: true, fact: true, command: false }],
  [
    'a longer list',
    { type: 'array', items: text, maxItems: 1 },
    { type: 'array', items: text },
    { published: true, fact: true, command: false },
  ],
  ['another type in a list', within(text), within(amount), { published: true, fact: true, command: true }],
  ['a field gone in a list', within(object({ a: text })), within(object({})), { published: true, fact: true, command: true }],
  ['a new variant', { anyOf: [text] }, { anyOf: [text, amount] }, { published: true, fact: true, command: false }],
  ['a variant gone', { anyOf: [text, amount] }, { anyOf: [text] }, { published: false, fact: true, command: true }],
];

describe('a change of a contract', () => {
  it.each(cases)('%s', (_, before, now, breaks) => {
    expect({
      published: found(published, before, now).length > 0,
      fact: found(fact, before, now).length > 0,
      command: found(command, before, now).length > 0,
    }).toEqual(breaks);
    // Both ends of a command between services are the hub's own, of two releases, as with facts.
    expect(found(inner, before, now).length > 0).toBe(breaks.fact);
  });

  it('is told by where it is, what it is and whom it breaks', () => {
    const before = object({ sides: { type: 'array', items: object({ netMinor: amount }) } });
    const now = object({ sides: { type: 'array', items: object({ netMinor: text }) } });
    expect(found(published, before, now)).toEqual([`${published}: who reads the released one: /sides/[]/netMinor is string, not integer`]);
    expect(found(command, object({ a: oneOf('x', 'y') }), object({ a: oneOf('x') }))).toEqual([
      `${command}: what was written by the released one: /a may be y, which is not known`,
    ]);
  });

  it('is found behind names', () => {
    const named = (side: Schema): Schema => ({ ...object({ side: { $ref: '#/$defs/Side' } }), $defs: { Side: side } });
    expect(found(published, named(object({ a: text })), object({ side: object({ a: text }) }))).toEqual([]);
    expect(found(published, named(object({ a: text })), named(object({ a: amount })))).toHaveLength(1);
  });

  it('ends where a type holds itself', () => {
    const tree = (leaf: Schema): Schema => ({
      $ref: '#/$defs/Node',
      $defs: { Node: object({ leaf, below: { type: 'array', items: { $ref: '#/$defs/Node' } } }) },
    });
    expect(found(published, tree(text), tree(text))).toEqual([]);
    expect(found(published, tree(text), tree(amount))).toHaveLength(1);
  });

  it.each<[what: string, now: Schema]>([
    ['/a uses not,', object({ a: { not: text } })],
    ['/ uses additionalProperties,', { ...object({ a: text }), additionalProperties: false }],
    ['/a refers to #/$defs/None', object({ a: { $ref: '#/$defs/None' } })],
    ['/a refers to #/$defs/Text', { ...object({ a: { $ref: '#/$defs/Text', maxLength: 1 } }), $defs: { Text: text } }],
  ])('that it cannot judge stops it: %s', (what, now) => {
    let thrown: unknown;
    try {
      found(fact, object({ a: text }), now);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toMatchObject({ message: `${fact} cannot be judged`, cause: { message: expect.stringContaining(what) } });
  });

  it('is found where one end names a type that holds itself and the other spells it out', () => {
    const named: Schema = {
      ...object({ node: { $ref: '#/$defs/Node' } }),
      $defs: { Node: object({ node: { $ref: '#/$defs/Node' }, a: text }, []) },
    };
    const spelled = (a: Schema) => object({ node: object({ node: object({ a }, []), a: text }, []) });
    expect(found(published, spelled(text), named)).toEqual([]);
    expect(found(published, spelled(amount), named)).toHaveLength(1);
  });
});

describe('a contract that is gone', () => {
  const release = (...names: string[]) => new Map(names.map((name) => [name, object({})]));
  it('is refused, whatever it was', () => {
    for (const name of [published, inner, command, fact])
      expect(incompatibilities(new Map(), release(name))).toEqual([`${name}: is released and no longer there`]);
  });
  it('may be a fact with a newer version', () => {
    expect(incompatibilities(release('facts/payment/PaymentCaptured.v2'), release(fact))).toEqual([]);
    expect(incompatibilities(release('facts/payment/PaymentCapturedLate.v2'), release(fact))).toHaveLength(1);
    expect(incompatibilities(release(fact), release('facts/payment/PaymentCaptured.v2'))).toHaveLength(1);
  });
  it('may not be a message: those who read it are others', () =>
    expect(incompatibilities(release('messages/tongbao.payment.events/PaymentCaptured.v2'), release(published))).toHaveLength(1));
  it('is no business of the gate before it is released', () => expect(incompatibilities(release(fact), new Map())).toEqual([]));
});

/** Small schemas, so that two of them are often compatible. */
const schemas = fc.letrec<{ schema: Schema }>((tie) => ({
  schema: fc.oneof(
    { maxDepth: 2, withCrossShrink: true },
    fc.record({ type: fc.constant('string'), maxLength: fc.constantFrom(1, 2) }, { requiredKeys: ['type'] }),
    fc.record(
      { type: fc.constantFrom('integer', 'number'), minimum: fc.constantFrom(0, 1), maximum: fc.constantFrom(3, 4) },
      { requiredKeys: ['type'] },
    ),
    fc.subarray(['x', 'y', 'zz'], { minLength: 1 }).map((values) => ({ type: 'string', enum: values })),
    fc.tuple(fc.dictionary(fc.constantFrom('a', 'b'), tie('schema')), fc.subarray(['a', 'b'])).map(([properties, required]) =>
      object(
        properties,
        required.filter((name) => name in properties),
      ),
    ),
    fc.record({ type: fc.constant('array'), items: tie('schema'), maxItems: fc.constantFrom(1, 2) }, { requiredKeys: ['type', 'items'] }),
    fc.tuple(tie('schema'), tie('schema')).map((anyOf) => ({ anyOf })),
  ),
})).schema;

const values = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 2 },
    fc.constantFrom('', 'x', 'y', 'zz', 'xyz', -1, 0, 1, 2.5, 3, 4, 5),
    fc.dictionary(fc.constantFrom('a', 'b', 'c'), tie('value')),
    fc.array(tie('value'), { maxLength: 3 }),
  ),
})).value;

it('whatever a compatible writer may write, the reader takes', () => {
  const ajv = new Ajv2020({ strict: false });
  const both = fc.oneof(
    fc.tuple(schemas, schemas),
    fc.tuple(schemas, schemas).map(([one, other]): [Schema, Schema] => [one, { anyOf: [one, other] }]),
  );
  let taken = 0;
  fc.assert(
    fc.property(both, fc.boolean(), fc.array(values, { minLength: 20, maxLength: 20 }), ([writer, reader], toleratesNewFields, samples) => {
      if (gaps(writer, reader, { toleratesNewFields }).length > 0) return;
      const isWritten = ajv.compile(closed(writer));
      const isTaken = ajv.compile(toleratesNewFields ? reader : closed(reader));
      for (const sample of samples.filter((each) => isWritten(each))) {
        taken += 1;
        expect({ sample, isTaken: isTaken(sample) }).toEqual({ sample, isTaken: true });
      }
    }),
    { numRuns: 1_000, seed: 1 },
  );
  expect(taken).toBeGreaterThan(500);
});
