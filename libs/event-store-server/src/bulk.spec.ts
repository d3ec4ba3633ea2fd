import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { collect, startHarness, temporaryFolder } from '../test/harness.js';
import { appendNewStreams, EventStoreLockedError } from './index.js';

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
beforeEach(async () => {
  folder = await temporaryFolder();
});
afterEach(() => folder.remove());

const stream = (name: string) => ({
  stream: name,
  events: ['First', 'Second'].map((type) => ({ type, data: JSON.stringify({ of: name }), metadata: '{"$causationId":"bulk"}' })),
});

it('appends streams in their order, as any append would', async () => {
  const streams = Array.from({ length: 600 }, (_, index) => stream(`bulk-${index}`));
  expect(await appendNewStreams(folder.path, streams)).toBe(1_200n);
  const { client, stop } = await startHarness({ dataDir: folder.path });
  const events = (await collect(client.readAll())).map(({ event }) => event);
  expect(events.map((event) => [event?.streamId, Number(event?.revision), event?.type, event?.data, event?.metadata])).toEqual(
    streams.flatMap(({ stream: name }) =>
      ['First', 'Second'].map((type, revision) => [name, revision, type, { of: name }, { $causationId: 'bulk' }]),
    ),
  );
  await stop();
});

it('refuses a stream that is there, and a folder that is open', async () => {
  await appendNewStreams(folder.path, [stream('bulk-1')]);
  await expect(appendNewStreams(folder.path, [stream('bulk-1')])).rejects.toThrow('bulk-1 was not appended: wrong-revision');
  const { stop } = await startHarness({ dataDir: folder.path });
  await expect(appendNewStreams(folder.path, [])).rejects.toThrow(EventStoreLockedError);
  await stop();
});
