// The AsyncAPI 3.0 document of the hub's topics, made of the same schemas as the files.
import { Parser } from '@asyncapi/parser';
import { joseContentType } from '../../libs/contracts/dist/signatures.js';
import { deadLetterTopic, partitionsPerTopic, topics } from '../../libs/contracts/dist/topics.js';
import { channels, operations, prose } from './channels.mjs';
import { cloudEventHeaders, commandHeaders, deadLetterHeaders } from './headers.mjs';

const reference = (...path) => ({ $ref: `#/${path.join('/')}` });
const kafka = (binding) => ({ bindings: { kafka: { ...binding, bindingVersion: '0.5.0' } } });

/** @param contracts schemas by name, as contractSchemas makes them */
export function asyncApi(contracts) {
  const untold = Object.values(topics).find((topic) => !Object.values(channels).some(({ address }) => address === topic));
  if (untold) throw new Error(`${untold} is not described in the document.`);
  const messages = [...contracts]
    .filter(([name]) => name.startsWith('messages/'))
    .map(([name, schema]) => ({ topic: name.split('/')[1], schema }));
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'Tongbao: messages on Kafka',
      version: '1.0.0',
      license: { name: 'Apache-2.0', url: 'https://www.apache.org/licenses/LICENSE-2.0' },
      description: prose(
        'Delivery is at least once, in order for each key. Readers put up with fields and types that they do not know.',
        'How contracts are versioned and what may change is told in docs/contracts.md. Generated from the code (`npm run contracts`).',
      ),
    },
    defaultContentType: 'application/json',
    servers: servers(),
    channels: {
      ...Object.fromEntries(Object.entries(channels).map(([name, channel]) => [name, channelOf(channel, messages)])),
      deadLetters,
    },
    operations: {
      ...Object.fromEntries(Object.entries(operations).map(([name, operation]) => [name, operationOf(...operation)])),
      ...sendDeadLetters,
    },
    components: {
      securitySchemes: {
        scram: {
          type: 'scramSha512',
          description: 'A platform may write commands and read its own topic with a consumer group of its own prefix.',
        },
      },
      schemas: componentSchemas(messages),
      messages: {
        ...uniquely(messages.map(({ topic, schema }) => [schema.title, messageOf(topic, schema)])),
        DeadLetter: deadLetter,
      },
    },
  };
}

const servers = () => ({
  brokers: {
    host: '{brokers}',
    protocol: 'kafka-secure',
    description: 'Apache Kafka, with SASL/SCRAM-SHA-512 over TLS.',
    variables: { brokers: { default: 'kafka.example.com:9093', description: 'Bootstrap servers' } },
    security: [reference('components', 'securitySchemes', 'scram')],
    ...kafka({}),
  },
});

const messagesOn = ({ address, from = address }, messages) =>
  messages.filter(({ topic }) => topic === from).map(({ schema }) => schema.title);

function channelOf(channel, messages) {
  const { address, description, parameters } = channel;
  return {
    address,
    description,
    messages: Object.fromEntries(messagesOn(channel, messages).map((title) => [title, reference('components', 'messages', title)])),
    ...(parameters && { parameters }),
    servers: [reference('servers', 'brokers')],
    ...kafka({ ...(!parameters && { topic: address, partitions: partitionsPerTopic }) }),
  };
}

function operationOf(action, channel, summary, groups) {
  return {
    action,
    channel: reference('channels', channel),
    summary,
    ...(channel === 'paymentCommands' && { reply: { channel: reference('channels', 'platformEvents') } }),
    ...(groups && kafka({ groupId: { type: 'string', enum: groups } })),
  };
}

function messageOf(topic, { title, description }) {
  const isCommandOfPlatform = topic === topics.paymentCommands;
  const { key } = Object.values(channels).find(({ address, from = address }) => from === topic);
  return {
    name: title,
    title,
    ...(description && { summary: description }),
    contentType: isCommandOfPlatform ? joseContentType : 'application/json',
    headers: reference('components', 'schemas', isCommandOfPlatform ? 'CommandHeaders' : 'CloudEventHeaders'),
    payload: reference('components', 'schemas', title),
    ...kafka({ key: { type: 'string', description: key } }),
  };
}

const deadLetter = {
  name: 'DeadLetter',
  summary:
    'A record that a group could not handle: key, value and headers as they were, byte for byte, and in further headers where it was and why it is here.',
  contentType: 'application/octet-stream',
  headers: reference('components', 'schemas', 'DeadLetterHeaders'),
  payload: { description: 'The value as it was.' },
  ...kafka({ key: { type: 'string', description: 'The key as it was.' } }),
};

const deadLetters = {
  address: deadLetterTopic('{topic}', '{group}'),
  description: prose(
    'Dead letters of a consumer group, one topic for each of its topics. Later messages of the same key follow in order,',
    'until an operator releases or discards them.',
  ),
  parameters: {
    topic: { enum: Object.values(topics), description: 'The topic that the group reads.' },
    group: { enum: ['payment', 'ledger', 'settlement', 'notification'], description: 'The consumer group.' },
  },
  messages: { DeadLetter: reference('components', 'messages', 'DeadLetter') },
  servers: [reference('servers', 'brokers')],
  ...kafka({ partitions: 1 }),
};

const sendDeadLetters = {
  sendDeadLetters: {
    action: 'send',
    channel: reference('channels', 'deadLetters'),
    summary: 'A service puts aside what it cannot handle.',
  },
};

/** The schemas of the messages and of what they are made of, each once, under the names of their types. */
function componentSchemas(messages) {
  const named = messages.flatMap(({ schema }) => {
    const { $schema: _dialect, $id: _id, $defs = {}, ...rest } = schema;
    return [[schema.title, rest], ...Object.entries($defs)];
  });
  return uniquely([
    ...named.map(([name, schema]) => [name, asComponent(schema)]),
    ['CloudEventHeaders', cloudEventHeaders],
    ['CommandHeaders', commandHeaders],
    ['DeadLetterHeaders', deadLetterHeaders],
  ]);
}

/** References point into the components; where something is said beside one, which AsyncAPI would not see, it is put around it. */
function asComponent(schema) {
  if (Array.isArray(schema)) return schema.map(asComponent);
  if (typeof schema !== 'object' || schema === null) return schema;
  const { $ref, ...rest } = schema;
  const inside = Object.fromEntries(Object.entries(rest).map(([key, value]) => [key, asComponent(value)]));
  if ($ref === undefined) return inside;
  const target = { $ref: $ref.replace('#/$defs/', '#/components/schemas/') };
  return Object.keys(inside).length > 0 ? { ...inside, allOf: [target] } : target;
}

function uniquely(entries) {
  const found = new Map();
  for (const [name, content] of entries) {
    if (found.has(name) && JSON.stringify(found.get(name)) !== JSON.stringify(content))
      throw new Error(`${name} names two different things; the document has one place for names.`);
    found.set(name, content);
  }
  return Object.fromEntries([...found].sort(([left], [right]) => (left < right ? -1 : 1)));
}

/** What the official parser holds against the document: errors only, not its advice. */
export async function problemsOfAsyncApi(document) {
  const { document: parsed, diagnostics } = await new Parser().parse(JSON.stringify(document));
  const errors = diagnostics.filter(({ severity }) => severity === 0).map(({ path, message }) => `${path.join('.')}: ${message}`);
  return parsed || errors.length > 0 ? errors : ['the parser cannot read it'];
}
