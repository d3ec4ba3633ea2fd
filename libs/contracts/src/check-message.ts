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

type Checks = Map<string, Map<string, ValidateFunction>>;

/** By topic and type: for whoever writes a message, and for whoever reads it. */
const ofWriters: Checks = new Map();
const ofReaders: Checks = new Map();

/** Compiles the checks of all messages at once: tens of milliseconds, which else the first message of each type would take. */
export function compileChecks(): void {
  for (const name of Object.keys(messageSchemas)) {
    const [topic = '', type = ''] = name.split(' ');
    checkIn(ofWriters, topic, type, closed);
    checkIn(ofReaders, topic, type);
  }
}

/**
 * What is wrong with a message that is about to be published, or undefined: a field of the contract that is missing or wrong, one that the
 * contract does not know, a type that is not the topic's. Says where and what, never the value.
 */
export function checkMessage(topic: string, type: string, data: unknown): string | undefined {
  const check = checkIn(ofWriters, topic, type, closed);
  return check ? problemOf(check, type, data) : `${topic} has no message of the type ${type}`;
}

/**
 * What is wrong with a message that came in, or undefined: as `checkMessage`, but fields that the contract does not know are a newer writer's. Of a
 * type that it does not know nothing is said.
 */
export function checkReceived(topic: string, type: string, data: unknown): string | undefined {
  const check = checkIn(ofReaders, topic, type);
  return check && problemOf(check, type, data);
}

function problemOf(check: ValidateFunction, type: string, data: unknown): string | undefined {
  if (check(data)) return undefined;
  const [error] = check.errors ?? [];
  const unknown: unknown = error?.params.additionalProperty;
  return `${type}${error?.instancePath ?? ''} ${error?.message ?? 'is wrong'}${typeof unknown === 'string' ? `: ${unknown}` : ''}`;
}

function checkIn(checks: Checks, topic: string, type: string, shaped = (schema: Schema): Schema => schema): ValidateFunction | undefined {
  const contractTopic = contractTopicOf(topic);
  const known = checks.get(contractTopic)?.get(type);
  if (known) return known;
  const schema = schemaFor(contractTopic, type);
  if (!schema) return undefined;
  const check = ajv.compile(shaped(schema));
  const ofTopic = checks.get(contractTopic) ?? new Map<string, ValidateFunction>();
  checks.set(contractTopic, ofTopic.set(type, check));
  return check;
}
