import { describe, expect, it } from '@jest/globals';
import type { StoredEvent } from '@tongbao/event-store';
import { headerNames, MalformedMessage, publishedRecord, readMessage } from './message.js';

const stored: StoredEvent = {
  event: { type: 'Happened' },
  stream: 'payment-p1',
  revision: 3,
  position: 17n,
  id: 'e1',
  metadata: { $correlationId: 'c1', traceparent: '00-a-b-01' },
  createdAt: new Date('2026-01-02T03:04:05.678Z'),
};

describe('a message', () => {
  it('reads as it was published, with its origin', () => {
    const record = publishedRecord('payment', stored, 2, { topic: 't', key: 'p1', type: 'News', data: { n: 1 } });
    const expected = {
      topic: 't',
      key: 'p1',
      id: 'e1:2',
      type: 'News',
      data: { n: 1 },
      time: '2026-01-02T03:04:05.678Z',
      causationId: 'e1',
      correlationId: 'c1',
      traceparent: '00-a-b-01',
      position: 17n,
    };
    expect(readMessage('t', record)).toEqual(expected);
    expect(readMessage('t', { ...record, payload: '{"n":1}' })).toEqual(expected);
  });

  it.each(['-1', '1.5', 'x', '123456789012345678901'])('with the position %s is malformed', (position) => {
    const record = publishedRecord('payment', stored, 0, { topic: 't', key: 'p1', type: 'News', data: {} });
    expect(() => readMessage('t', { ...record, headers: { ...record.headers, [headerNames.position]: position } })).toThrow(
      MalformedMessage,
    );
  });

  it('tells what led to it, where that is not the event', () => {
    const record = publishedRecord('payment', stored, 0, { topic: 't', key: 'p1', type: 'News', data: {}, causationId: 'refund-7' });
    expect(readMessage('t', record).causationId).toBe('refund-7');
  });

  it('that is signed or encrypted is left to whoever can verify it', () => {
    const { headers, key } = publishedRecord('payment', stored, 0, { topic: 't', key: 'p1', type: 'News', data: {} });
    const jose = { ...headers, [headerNames.contentType]: 'application/jose' };
    expect(readMessage('t', { key, headers: jose, payload: 'eyJ.e30.c2ln' }).data).toEqual({ jose: 'eyJ.e30.c2ln' });
    expect(() => readMessage('t', { key, headers: jose, payload: {} })).toThrow(MalformedMessage);
  });

  it.each(['null', '1', '"text"', '[]', ''])('with the payload %s is malformed', (payload) => {
    const record = publishedRecord('payment', stored, 0, { topic: 't', key: 'p1', type: 'News', data: {} });
    expect(() => readMessage('t', { ...record, payload })).toThrow(MalformedMessage);
  });
});
