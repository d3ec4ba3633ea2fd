import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { status } from '@grpc/grpc-js';
import {
  classic,
  collect,
  event,
  events,
  failureOf,
  namesOf,
  Recorder,
  startHarness,
  temporaryFolder,
  type Harness,
} from '../test/harness.js';
import { verifyStore } from './index.js';

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
beforeEach(async () => {
  folder = await temporaryFolder();
});
afterEach(() => folder.remove());

const open = (): Promise<Harness> => startHarness({ dataDir: folder.path });

/** Works on the database behind the store's back, which is closed meanwhile. */
function behindItsBack<T>(work: (database: DatabaseSync) => T): T {
  const database = new DatabaseSync(join(folder.path, 'events.db'));
  try {
    return work(database);
  } finally {
    database.close();
  }
}

describe('damage on disk', () => {
  const damage = async (sql: string) => {
    const first = await open();
    for (const name of ['safe-1', 'hurt-1', 'safe-1']) await first.client.appendToStream(name, events(2));
    await first.stop();
    behindItsBack((database) => database.exec(sql));
  };

  it.each([
    ['data', "data = CAST(replace(CAST(data AS TEXT), '1', '2') AS BLOB)"],
    ['metadata', "meta = x'00'"],
    ['the id', "id = substr(id, 1, 15) || x'00'"],
    ['the time', 'created = created + 1'],
    ['the type', 'type = (SELECT max(id) + 7 FROM types)'],
    ['the content type', 'json = 1 - json'],
    ['the checksum', 'crc = crc + 1'],
  ])('to %s of an event is found by every read of it, named, and never served', async (_, assignment) => {
    await damage(`UPDATE events SET ${assignment} WHERE pos = 4`);
    const { client, stop } = await open();
    const message = `The event at position 4 (stream 'hurt-1', revision 1) is damaged: its checksum does not match.`;
    for (const read of [
      () => client.readStream('hurt-1'),
      () => client.readAll(),
      () => client.readAll({ direction: 'backwards', fromPosition: 'end' }),
    ]) {
      const found: unknown[] = [];
      const failing = (async () => {
        for await (const item of read()) found.push(item.event?.position?.commit);
      })();
      expect(await failureOf(failing)).toMatchObject({ code: status.DATA_LOSS, message: expect.stringContaining(message) });
      expect(found).not.toContain(4n);
    }
    const recorder = await new Recorder(client.subscribeToAll()).until(({ error }) => error !== undefined);
    expect(recorder.error?.message).toContain(message);
    expect(namesOf(await collect(client.readStream('safe-1')))).toHaveLength(4);
    await stop();
    expect(await verifyStore(folder.path)).toMatchObject({ ok: false, events: 6, damaged: [{ position: 4 }] });
  });

  it('to a byte of the file itself is found', async () => {
    const first = await open();
    await first.client.appendToStream('file-1', [event('Happened', { marker: 'MARKER-OF-THE-TEST' })]);
    await first.stop();
    const path = join(folder.path, 'events.db');
    const bytes = await readFile(path);
    const at = bytes.indexOf('MARKER-OF-THE-TEST');
    expect(at).toBeGreaterThan(0);
    bytes[at] = bytes[at]! ^ 0x01;
    await writeFile(path, bytes);
    expect(await verifyStore(folder.path)).toMatchObject({ ok: false, damaged: [{ position: 1, stream: 'file-1', revision: 0 }] });
  });

  it('to the metadata of a stream refuses what depends on it, and nothing else', async () => {
    const first = await open();
    await first.client.appendToStream('meta-1', events(2));
    await first.client.setStreamMetadata('meta-1', { maxCount: 1 });
    await first.stop();
    behindItsBack((database) => database.exec("UPDATE events SET data = x'7b7d' WHERE pos = 3"));
    const { client, stop } = await open();
    expect(await failureOf(collect(client.readStream('meta-1')))).toMatchObject({ code: status.DATA_LOSS });
    for (const mode of [{}, classic])
      expect(await failureOf(client.appendToStream('meta-1', event(), mode))).toMatchObject({
        message: expect.stringContaining('position 3'),
      });
    expect((await client.appendToStream('other-1', event())).success).toBe(true);
    await stop();
  });

  it.each<[string, string, object]>([
    ['a missing event', 'DELETE FROM events WHERE pos = 3', { position: 3, reason: 'the event is missing' }],
    ['a stream record that is behind', "UPDATE streams SET last = 0 WHERE name = 'safe-1'", { stream: 'safe-1', revision: 3 }],
    ['a revision that was moved', 'UPDATE events SET rev = 9 WHERE pos = 6', { position: 6 }],
    ['an event under another category', 'UPDATE events SET category = 99 WHERE pos = 1', { position: 1, stream: 'safe-1' }],
    ['a stream that vanished', "DELETE FROM streams WHERE name = 'hurt-1'", { position: 3, reason: 'its stream is not known' }],
  ])('of the kind "%s" is found by the deep check', async (_, sql, expected) => {
    await damage(sql);
    const report = await verifyStore(folder.path);
    expect(report.ok).toBe(false);
    expect(report.damaged).toContainEqual(expect.objectContaining(expected));
  });

  it('is not reported of a store that has none, which is checked as it runs, with its progress told', async () => {
    const { server, client, stop } = await open();
    await client.appendToStream('fine-1', events(600));
    const progress: [number, number][] = [];
    expect(await server.verifyAll((checked, total) => progress.push([checked, total]))).toEqual({ events: 600, damaged: [], ok: true });
    expect(progress).toEqual([
      [256, 600],
      [512, 600],
      [600, 600],
    ]);
    await stop();
  });

  it('cannot be looked for where there is no store', async () => {
    expect((await failureOf(verifyStore(folder.path))).message).toContain(folder.path);
  });
});
