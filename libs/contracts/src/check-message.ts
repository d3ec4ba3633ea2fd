import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { messageSchemas } from './message-schemas.generated.js';
import { closed, platformContracts, type Schema } from './schema.js';

const platformTopic = /^tongbao\.platform\..+\.events$/;

const contractTopicOf = (topic: string): string => (platformTopic.test(topic) ? platformContracts : topic);

/** The JSON Schema of a message, for those who read it: fields that it does not know are allowed. Undefined when there is no such message. */
export function schemaFor(topic: string, type: string): Schema | undefined {
  const text = messageSchemas[`${contractTopicOf(topic)} ${type}`];
  // The text is made by the tool that makes the schema files.
  return text === undefined ? undefined : (JSON.parse(text) as Schema);
}

// The tests prove the schemas themselves by the specification; here that would take a third of the time again.
const ajv = new Ajv2020({ validateSchema: false });
addFormats.default(ajv, ['date-time']);

const checks = new Map<string, Map<string, ValidateFunction>>();

/** Compiles the checks of all messages at once: tens of milliseconds, which else the first message of each type would take. */
export function compileChecks(): void {
  for (const name of Object.keys(messageSchemas)) {
    const [topic = '', type = ''] = name.split(' ');
    if (!checks.get(topic)?.has(type)) compile(topic, type);
  }
}

/**
 * What is wrong with a message that is about to be published, or undefined: a field of the contract that is missing or wrong, one that the
 * contract does not know, a type that is not the topic's. Says where and what, never the value.
 */
export function checkMessage(topic: string, type: string, data: unknown): string | undefined {
  const contractTopic = contractTopicOf(topic);
  const check = checks.get(contractTopic)?.get(type) ?? compile(contractTopic, type);
  if (!check) return `${topic} has no message of the type ${type}`;
  if (check(data)) return undefined;
  const [error] = check.errors ?? [];
  const unknown: unknown = error?.params.additionalProperty;
  return `${type}${error?.instancePath ?? ''} ${error?.message ?? 'is wrong'}${typeof unknown === 'string' ? `: ${unknown}` : ''}`;
}

function compile(topic: string, type: string): ValidateFunction | undefined {
  const schema = schemaFor(topic, type);
  if (!schema) return undefined;
  const check = ajv.compile(closed(schema));
  const ofTopic = checks.get(topic) ?? new Map<string, ValidateFunction>();
  checks.set(topic, ofTopic.set(type, check));
  return check;
}
