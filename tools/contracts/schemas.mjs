// Types of libs/contracts to JSON Schemas (2020-12): one for every message on a topic and for every fact of a stream.
import { createGenerator } from 'ts-json-schema-generator';
import { platformContracts } from '../../libs/contracts/dist/schema.js';
import { topics } from '../../libs/contracts/dist/topics.js';

/** Which type lists the messages of a topic. */
const messagesOf = {
  [topics.paymentCommands]: 'PlatformCommand',
  [topics.paymentEvents]: 'PaymentMessage',
  [platformContracts]: 'PlatformMessage',
  [topics.ledgerCommands]: 'LedgerCommand',
  [topics.ledgerEvents]: 'LedgerMessage',
  [topics.settlementEvents]: 'SettlementMessage',
};

/** Which type lists the facts of a category of streams. */
const factsOf = {
  agreement: 'AgreementEvent',
  assignment: 'AssignmentEvent',
  bank: 'BankEvent',
  bankdata: 'BankDataEvent',
  bankfile: 'BankFileEvent',
  calendar: 'CalendarEvent',
  cap: 'CapEvent',
  command: 'CommandEvent',
  deposit: 'DepositEvent',
  fxquote: 'FxQuoteEvent',
  instruction: 'InstructionEvent',
  journal: 'JournalEvent',
  log: 'LogEvent',
  model: 'ModelEvent',
  participant: 'ParticipantEvent',
  payment: 'PaymentEvent',
  payout: 'PayoutEvent',
  payoutrun: 'PayoutRunEvent',
  position: 'PositionEvent',
  reconciliation: 'ReconciliationEvent',
  settlement: 'SettlementEvent',
  topup: 'TopUpEvent',
  window: 'WindowEvent',
  withdrawal: 'WithdrawalEvent',
};

const folder = new URL('../../libs/contracts/', import.meta.url).pathname;

/**
 * All contracts by name: `messages/<topic>/<Type>.v<n>` and `facts/<category>/<Type>.v<n>`. A version above 1 stands as `@version` above the
 * type. The schemas are open: whoever reads must put up with fields that are new.
 */
export function contractSchemas() {
  const generator = createGenerator({
    path: `${folder}src/index.ts`,
    tsconfig: `${folder}tsconfig.lib.json`,
    additionalProperties: true,
    encodeRefs: false,
    extraTags: ['version'],
    // `npm run typecheck` has looked at these files.
    skipTypeCheck: true,
    sortProps: false,
  });
  const unions = [
    ...Object.entries(messagesOf).map(([topic, union]) => [`messages/${topic}`, union]),
    ...Object.entries(factsOf).map(([category, union]) => [`facts/${category}`, union]),
  ];
  const contracts = unions.flatMap(([place, union]) => {
    const { definitions } = generator.createSchema(union);
    return membersOf(union, definitions).map((member) => contract(place, member, definitions));
  });
  return new Map(contracts.sort(([left], [right]) => (left < right ? -1 : 1)));
}

function membersOf(name, definitions) {
  const { $ref, anyOf } = definitions[name];
  const members = anyOf ?? ($ref && [{ $ref }]);
  return members ? members.flatMap((member) => membersOf(referred(member), definitions)) : [name];
}

function referred({ $ref }) {
  if (!$ref) throw new Error('A message or fact has no name of its own: export its type.');
  return $ref.replace('#/definitions/', '');
}

function contract(place, member, definitions) {
  const { version = 1, ...definition } = definitions[member];
  const type = definition.properties?.type?.const;
  if (!type) throw new Error(`${member} does not say its type.`);
  const name = `${place}/${type}.v${version}`;
  const used = new Map();
  const { description, ...schema } = plain(definition, name, definitions, used);
  const defs = Object.fromEntries([...used].sort(([left], [right]) => (left < right ? -1 : 1)));
  return [
    name,
    {
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      $id: `${name}.json`,
      title: type,
      ...(description && { description }),
      ...schema,
      ...(used.size > 0 && { $defs: defs }),
    },
  ];
}

/** A definition with the names of numbers and strings replaced by what they mean; those of objects are collected as `used`. */
function plain(schema, at, definitions, used) {
  if (schema.$ref) return named(schema, at, definitions, used);
  const { properties, required, items, anyOf, ...rest } = schema;
  const within = (part, where) => plain(part, `${at} ${where}`, definitions, used);
  if (rest.type === 'number') throw new Error(`${at}: a number must be an integer; use a type of values.ts.`);
  if (!rest.type && !anyOf && rest.const === undefined && !rest.enum) throw new Error(`${at}: the generator cannot read this type.`);
  return {
    ...rest,
    ...(properties && { properties: Object.fromEntries(Object.entries(properties).map(([key, value]) => [key, within(value, key)])) }),
    ...(required && { required: Object.keys(properties).filter((key) => required.includes(key)) }),
    ...(items && { items: within(items, '[]') }),
    ...(anyOf && { anyOf: anyOf.map((variant, index) => within(variant, index)) }),
  };
}

function named({ $ref, ...beside }, at, definitions, used) {
  const name = referred({ $ref });
  const definition = definitions[name];
  const isScalar = definition.type && definition.type !== 'object' && definition.type !== 'array';
  if (isScalar) return { ...plain(definition, at, definitions, used), ...beside };
  if (!used.has(name)) {
    used.set(name, undefined);
    used.set(name, plain(definition, name, definitions, used));
  }
  return { $ref: `#/$defs/${name}`, ...beside };
}
