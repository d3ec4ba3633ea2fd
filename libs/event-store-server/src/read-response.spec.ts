import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { RecordedEvent } from './events.js';
import { shared, streams } from './protocol.js';
import {
  encodeCaughtUp,
  encodeCheckpoint,
  encodeConfirmation,
  encodeFellBehind,
  encodeReadEvent,
  encodeStreamNotFound,
} from './read-response.js';

const recordedEvents: fc.Arbitrary<RecordedEvent> = fc.record({
  position: fc.oneof(fc.integer({ min: 0, max: 300 }), fc.maxSafeNat()),
  stream: fc.string({ unit: 'grapheme', minLength: 1, maxLength: 200 }),
  revision: fc.oneof(fc.integer({ min: 0, max: 300 }), fc.maxSafeNat()),
  categoryId: fc.nat(),
  id: fc.uint8Array({ minLength: 16, maxLength: 16 }),
  type: fc.string({ unit: 'grapheme', maxLength: 150 }),
  isJson: fc.boolean(),
  createdMs: fc.nat({ max: 4_000_000_000_000 }),
  data: fc.uint8Array({ maxLength: 400, size: 'max' }),
  metadata: fc.uint8Array({ maxLength: 200, size: 'max' }),
});

function recordedMessage(event: RecordedEvent): streams.ReadResp.ReadEvent.RecordedEvent {
  const hex = Buffer.from(event.id).toString('hex');
  const uuid = hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
  const message = new streams.ReadResp.ReadEvent.RecordedEvent()
    .setId(new shared.UUID().setString(uuid))
    .setStreamIdentifier(new shared.StreamIdentifier().setStreamName(Buffer.from(event.stream)))
    .setStreamRevision(String(event.revision))
    .setPreparePosition(String(event.position))
    .setCommitPosition(String(event.position))
    .setCustomMetadata(event.metadata)
    .setData(event.data);
  message
    .getMetadataMap()
    .set('type', event.type)
    .set('created', String(BigInt(event.createdMs) * 10_000n))
    .set('content-type', event.isJson ? 'application/json' : 'application/octet-stream');
  return message;
}

const bytesOf = (message: streams.ReadResp): Buffer => Buffer.from(message.serializeBinary());

function eventMessage(event: RecordedEvent | undefined, link: RecordedEvent | undefined): streams.ReadResp {
  const content = new streams.ReadResp.ReadEvent().setCommitPosition(String((link ?? event)!.position));
  if (event) content.setEvent(recordedMessage(event));
  if (link) content.setLink(recordedMessage(link));
  return new streams.ReadResp().setEvent(content);
}

describe('the encoder of read responses writes, byte for byte, what the generated classes write', () => {
  it('for an event', () =>
    fc.assert(fc.property(recordedEvents, (event) => expect(encodeReadEvent(event)).toEqual(bytesOf(eventMessage(event, undefined))))));

  it('for an event reached by a link, and for a link that leads nowhere', () =>
    fc.assert(
      fc.property(fc.option(recordedEvents, { nil: undefined }), recordedEvents, (event, link) =>
        expect(encodeReadEvent(event, link)).toEqual(bytesOf(eventMessage(event, link))),
      ),
    ));

  it('for a checkpoint', () =>
    fc.assert(
      fc.property(fc.maxSafeNat(), (position) => {
        const checkpoint = new streams.ReadResp.Checkpoint().setCommitPosition(String(position)).setPreparePosition(String(position));
        expect(encodeCheckpoint(position)).toEqual(bytesOf(new streams.ReadResp().setCheckpoint(checkpoint)));
      }),
    ));

  it('for a stream that is not found', () =>
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 300 }), (name) => {
        const identifier = new shared.StreamIdentifier().setStreamName(Buffer.from(name));
        const notFound = new streams.ReadResp.StreamNotFound().setStreamIdentifier(identifier);
        expect(encodeStreamNotFound(name)).toEqual(bytesOf(new streams.ReadResp().setStreamNotFound(notFound)));
      }),
    ));

  it.each([
    [
      'a confirmation',
      encodeConfirmation('some-id'),
      new streams.ReadResp().setConfirmation(new streams.ReadResp.SubscriptionConfirmation().setSubscriptionId('some-id')),
    ],
    ['caught up', encodeCaughtUp(), new streams.ReadResp().setCaughtUp(new streams.ReadResp.CaughtUp())],
    ['fell behind', encodeFellBehind(), new streams.ReadResp().setFellBehind(new streams.ReadResp.FellBehind())],
  ])('for %s', (_, encoded, message) => expect(encoded).toEqual(bytesOf(message)));
});
