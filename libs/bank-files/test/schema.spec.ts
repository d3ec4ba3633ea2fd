import { schemaOf, type ReadMessage } from '../src/message.js';
import { compileSchema } from '../src/schema.js';
import { camt053Types, camt054Types, camtTypes } from '../src/camt.schema.js';
import { commonTypes } from '../src/common.schema.js';
import { pain002Types } from '../src/pain002.schema.js';
import { grammarOf } from './xsd-grammar.js';

const tables: Record<ReadMessage, readonly string[]> = {
  'pain.002.001.12': [commonTypes, pain002Types],
  'camt.053.001.08': [commonTypes, camtTypes, camt053Types],
  'camt.054.001.08': [commonTypes, camtTypes, camt054Types],
};

describe.each(Object.entries(tables))('the table of %s', (message, texts) => {
  it('says what the published schema says, type by type', () => {
    const lines = texts.flatMap((text) => text.split('\n')).filter((line) => line !== '');
    expect(lines.sort()).toEqual(grammarOf(message).sort());
  });
});

it('a schema is compiled once', () => expect(schemaOf('camt.053.001.08')).toBe(schemaOf('camt.053.001.08')));

it.each([
  ['Document sequence A:Missing', 'Missing is nothing'],
  ['Document length 1 2', 'Document is no sequence'],
  ['Document sequence A:B\nB float', 'B is float'],
])('lines that do not keep the language are an error: %s', (text, message) => expect(() => compileSchema(text)).toThrow(message));
