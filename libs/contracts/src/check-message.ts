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

/** Checks of one kind, each compiled when it is first asked for. */
class Checks {
  // The tests prove the schemas themselves by the specification; here that would take a third of the time again.
  readonly #ajv = new Ajv2020({ validateSchema: false });
  readonly #compiled = new Map<string, Map<string, ValidateFunction>>();

  constructor(private readonly shaped: (schema: Schema) => Schema) {
    addFormats.default(this.#ajv, ['date-time']);
  }

  /** Undefined when there is no such message. */
  find(topic: string, type: string): ValidateFunction | undefined {
    const contractTopic = contractTopicOf(topic);
    const known = this.#compiled.get(contractTopic)?.get(type);
    if (known) return known;
    const schema = schemaFor(contractTopic, type);
    if (!schema) return undefined;
    const check = this.#ajv.compile(this.shaped(schema));
    const ofTopic = this.#compiled.get(contractTopic) ?? new Map<string, ValidateFunction>();
    this.#compiled.set(contractTopic, ofTopic.set(type, check));
    return check;
  }
}

const ofWriters = new Checks(closed);
const ofReaders = new Checks((schema) => schema);

/**
 * Compiles what `checkMessage` needs, for all messages at once: tens of milliseconds, which else the first message of each type would take. A reader
 * handles a few types.
 */
export function compileChecks(): void {
  for (const name of Object.keys(messageSchemas)) {
    const [topic = '', type = ''] = name.split(' ');
    ofWriters.find(topic, type);
  }
}

/**
 * What is wrong with a message that is about to be published, or undefined: a field of the contract that is missing or wrong, one that the
 * contract does not know, a type that is not the topic's. Says where and what, never the value.
 */
export function checkMessage(topic: string, type: string, data: unknown): string | undefined {
  const check = ofWriters.find(topic, type);
  return check ? problemOf(check, type, data) : `${topic} has no message of the type ${type}`;
}

/**
 * What is wrong with a message that came in, or undefined: as `checkMessage`, but fields that the contract does not know are a newer writer's, and of
 * a type that it does not know nothing is said.
 */
export function checkReceived(topic: string, type: string, data: unknown): string | undefined {
  const check = ofReaders.find(topic, type);
  return check && problemOf(check, type, data);
}

function problemOf(check: ValidateFunction, type: string, data: unknown): string | undefined {
  if (check(data)) return undefined;
  const [error] = check.errors ?? [];
  const unknown: unknown = error?.params.additionalProperty;
  return `${type}${error?.instancePath ?? ''} ${error?.message ?? 'is wrong'}${typeof unknown === 'string' ? `: ${unknown}` : ''}`;
}
