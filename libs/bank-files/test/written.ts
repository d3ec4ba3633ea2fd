import { DocumentParser } from '../src/document.parser.js';
import type { WrittenMessage } from '../src/message.js';
import { compileSchema } from '../src/schema.js';
import type { XmlNode } from '../src/xml-node.js';
import { grammarOf } from './xsd-grammar.js';

const schemas = new Map<WrittenMessage, ReturnType<typeof compileSchema>>();

/** A file that was written, parsed and checked against its published schema as the library checks what it reads. */
export function parseWritten(message: WrittenMessage, xml: string): XmlNode {
  let schema = schemas.get(message);
  if (schema === undefined) schemas.set(message, (schema = compileSchema(grammarOf(message).join('\n'))));
  let document: XmlNode | undefined;
  const parser = new DocumentParser(message, schema, {
    parts: new Set(['Document']),
    opened: () => undefined,
    closed: (part) => (document = part),
  });
  parser.write(xml);
  parser.end();
  return document!;
}
