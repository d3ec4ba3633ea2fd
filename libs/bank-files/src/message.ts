import { commonTypes } from './common.schema.js';
import { camt053Types, camt054Types, camtTypes } from './camt.schema.js';
import { pain002Types } from './pain002.schema.js';
import { compileSchema, type ComplexType } from './schema.js';

/** The messages that are read, and those that are written. */
export type ReadMessage = 'pain.002.001.12' | 'camt.053.001.08' | 'camt.054.001.08';
export type WrittenMessage = 'pain.001.001.09' | 'pain.008.001.08' | 'camt.053.001.08';

const prefix = 'urn:iso:std:iso:20022:tech:xsd:';
export const namespaceOf = (message: ReadMessage | WrittenMessage): string => `${prefix}${message}`;

/** `camt.053.001.02` of a namespace of ISO 20022. */
export const messageOf = (namespace: string): string | undefined =>
  namespace.startsWith(prefix) ? /^[a-z]{4}\.\d{3}\.\d{3}\.\d{2}$/.exec(namespace.slice(prefix.length))?.[0] : undefined;

const types: Record<ReadMessage, readonly string[]> = {
  'pain.002.001.12': [commonTypes, pain002Types],
  'camt.053.001.08': [commonTypes, camtTypes, camt053Types],
  'camt.054.001.08': [commonTypes, camtTypes, camt054Types],
};
const compiled = new Map<ReadMessage, ComplexType>();

/** The schema of a message, compiled at its first use. */
export function schemaOf(message: ReadMessage): ComplexType {
  const known = compiled.get(message);
  if (known !== undefined) return known;
  const schema = compileSchema(...types[message]);
  compiled.set(message, schema);
  return schema;
}
