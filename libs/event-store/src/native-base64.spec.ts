import streams from '@eventstore/db-client/generated/streams_pb.js';
import { expect, it } from '@jest/globals';
import './native-base64.js';

const bytes = Buffer.from('{"text":"中文 \u0000 and more"}');

it.each([
  ['one append', new streams.AppendReq.ProposedMessage()],
  ['a batch of appends', new streams.BatchAppendReq.ProposedMessage()],
])('the client gives base64, and %s carries the bytes', (_, message) => {
  message.setData(bytes.toString('base64'));
  message.setCustomMetadata(bytes.toString('base64'));
  expect(message.getData()).toBeInstanceOf(Uint8Array);
  expect([message.getData_asU8(), message.getCustomMetadata_asU8()].map((each) => Buffer.from(each))).toEqual([bytes, bytes]);
});

it('bytes stay as they are', () => {
  const message = new streams.BatchAppendReq.ProposedMessage();
  message.setData(bytes);
  expect(Buffer.from(message.getData_asU8())).toEqual(bytes);
});
