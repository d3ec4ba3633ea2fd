import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { EventStore } from '@tongbao/event-store';
import { startEventStoreServer, type EventStoreServer } from '@tongbao/event-store-server';
import { EmbeddedDeadLetters } from '../src/embedded-dead-letters.js';
import { Parking, type ParkingEvent } from '../src/parking.js';
import { commandTopic as topic } from './harness.js';

const key = 'k';

describe('what a group has parked and resolved', () => {
  let server: EventStoreServer;
  let store: EventStore;
  let letters: EmbeddedDeadLetters;
  let group: string;
  let groups = 0;
  beforeAll(async () => {
    server = await startEventStoreServer({ dataDir: ':memory:' });
    store = EventStore.connect(server.connectionString);
  });
  afterAll(async () => {
    await store.close();
    await server.close();
  });
  beforeEach(() => {
    groups += 1;
    group = `reader${groups}`;
    letters = new EmbeddedDeadLetters(store, group);
  });

  const said = async (...events: ParkingEvent[]): Promise<Parking> => {
    await store.append(`parking-${group}`, 'any', events, { commandId: group });
    const parking = new Parking(store, group, letters, () => new Date());
    await parking.load();
    return parking;
  };
  const write = (offset: string, of = key) =>
    letters.write({ group, topic, partition: 3, offset, reason: 'follows', record: { key: of, headers: {}, payload: {} } });
  const inLine = (parking: Parking) => [...(parking.find(topic, key)?.letters.values() ?? [])].map(({ offset, place }) => [offset, place]);
  const parkedBy = (offset: string, place: string): ParkingEvent => ({ type: 'KeyParked', topic, key, partition: 3, offset, place });

  it('lines up what waits behind a key in the order of its topic, from its first dead letter on', async () => {
    for (const offset of ['3.5.1000', '3.7.1000', '3.9.1002', '3.8.1001']) await write(offset);
    await write('3.8.1001', 'other');
    expect(inLine(await said(parkedBy('3.7.1000', '1')))).toEqual([
      ['3.7.1000', '1'],
      ['3.8.1001', '3'],
      ['3.9.1002', '2'],
    ]);
  });

  it('was written down without times once, and is known by that still', async () => {
    for (const offset of ['3.7.1000', '3.9.1002']) await write(offset);
    const discarded: ParkingEvent = { type: 'DeadLetterDiscarded', topic, key, offset: '3.9', by: 'olga', reason: 'sent by mistake' };
    const parking = await said(parkedBy('3.7', '0'), discarded);
    expect(inLine(parking)).toEqual([['3.7.1000', '0']]);
    expect(parking.resolution(topic, '3.9.1002')).toMatchObject({ how: 'discarded', by: 'olga' });
    const later = Date.now() + 60_000;
    expect(parking.resolution(topic, `3.9.${later}`)).toBeUndefined();
  });

  it('says nothing of what has the same offset and came at another time', async () => {
    const handled: ParkingEvent = { type: 'DeadLetterHandled', topic, key, offset: '3.9.1002', by: 'olga' };
    const parking = await said(handled);
    expect(parking.resolution(topic, '3.9.1002')).toMatchObject({ how: 'handled' });
    expect(parking.resolution(topic, '3.9.2002')).toBeUndefined();
  });

  it('finds what came after all dead letters were lost, wherever it lies, behind the one that is gone', async () => {
    for (const offset of ['3.0.5000', '3.1.5001']) await write(offset);
    const line = [
      ['3.9.1000', '17'],
      ['3.0.5000', '0'],
      ['3.1.5001', '1'],
    ];
    expect(inLine(await said(parkedBy('3.9.1000', '17')))).toEqual(line);
  });

  it('finds them too when another one lies where the first one was', async () => {
    for (const offset of ['3.0.5000', '3.1.5001', '3.2.5002']) await write(offset);
    const line = [
      ['3.9.1000', '1'],
      ['3.0.5000', '0'],
      ['3.1.5001', '1'],
      ['3.2.5002', '2'],
    ];
    expect(inLine(await said(parkedBy('3.9.1000', '1')))).toEqual(line);
  });
});
