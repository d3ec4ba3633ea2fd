import { expect, it } from '@jest/globals';
import { packLeaves, unpackLeaves } from './log.packed-leaves.js';

it.each([
  ['leaves', ['{"a":1}', '{"a":"b","ß":"€"}']],
  ['one leaf', ['{"a":"\\u0007\\n"}']],
  ['a leaf with what stands for quotation marks', ['{"a":"\x7f"}', '{"a":2}']],
])('%s come back byte for byte', (_, leaves) => {
  expect(unpackLeaves(packLeaves(leaves.map((leaf) => Buffer.from(leaf)))).map(String)).toEqual(leaves);
});

it('what is stored has nothing to escape', () => expect(JSON.stringify(packLeaves([Buffer.from('{"a":1}')]))).not.toContain('\\'));
