import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EventStore } from '@tongbao/event-store';
import { startEventStoreServer, type EventStoreServer } from '@tongbao/event-store-server';
import { readEveryEvent } from './all-events.js';
import { runCli } from './cli.js';

interface Noted {
  type: 'Noted';
  note: string;
}

const noted = (note: string): Noted => ({ type: 'Noted', note });

describe('reading the event store', () => {
  let dataDir: string;
  let server: EventStoreServer;
  let store: EventStore;
  let out: string;
  let err: string;

  beforeEach(async () => {
    dataDir = mkdtempSync(join(tmpdir(), 'tongbao-cli-'));
    mkdirSync(join(dataDir, 'events'));
    server = await startEventStoreServer({ dataDir: join(dataDir, 'events') });
    store = EventStore.connect(server.connectionString);
    await store.append('payment-1', 'no_stream', [noted('one'), noted('two'), noted('three')], { commandId: 'c1', actor: 'platform:A' });
    out = err = '';
  });
  afterEach(async () => {
    await store.close();
    await server.close();
    rmSync(dataDir, { recursive: true });
  });

  const io = { out: (text: string) => void (out += text), err: (text: string) => void (err += text), isTerminal: false };
  const run = (...words: string[]) => runCli([...words, '--event-store', server.connectionString, '--data', dataDir], io);
  const shown = () =>
    (JSON.parse(out) as { event: Noted; revision: number; position: string }[]).map(({ event, revision }) => [revision, event.note]);

  it('shows a stream from its start', async () => {
    expect(await run('events', 'show', 'payment-1')).toBe(0);
    expect(out).toMatch(/payment-1@0 {2}Noted {2}position \d+ {2}by platform:A\n {4}\{"note":"one"\}/);
  });

  it.each<[string, string[], (string | number)[][]]>([
    [
      'from a revision',
      ['--from', '1'],
      [
        [1, 'two'],
        [2, 'three'],
      ],
    ],
    [
      'a few',
      ['--limit', '2'],
      [
        [0, 'one'],
        [1, 'two'],
      ],
    ],
    ['the newest first', ['--backwards', '--limit', '1'], [[2, 'three']]],
    [
      'backwards from a revision',
      ['--backwards', '--from', '1'],
      [
        [1, 'two'],
        [0, 'one'],
      ],
    ],
  ])('shows %s', async (_, options, expected) => {
    expect(await run('events', 'show', 'payment-1', '--json', ...options)).toBe(0);
    expect(shown()).toEqual(expected);
  });

  it('says that a stream holds nothing', async () => {
    expect(await run('events', 'show', 'payment-2')).toBe(0);
    expect(out).toBe('payment-2 holds no events.\n');
  });

  it('reads every event of a running store, its checksum compared by the server', async () =>
    expect(await readEveryEvent(server.connectionString, () => undefined)).toMatchObject({ events: 3 }));

  it('checks the files of a stopped store', async () => {
    await server.close();
    expect(await run('doctor', '--deep', '--url', 'http://127.0.0.1:9')).toBe(0);
    expect(out).toContain('3 events');
  });

  it('finds the event whose bytes have changed', async () => {
    await server.close();
    const file = join(dataDir, 'events', readdirSync(join(dataDir, 'events')).find((name) => name.endsWith('.db')) ?? '');
    const bytes = readFileSync(file);
    bytes.write('tvo', bytes.indexOf('"two"') + 1);
    writeFileSync(file, bytes);
    expect(await run('doctor', '--deep', '--url', 'http://127.0.0.1:9')).toBe(1);
    expect(out).toMatch(/FAILED {2}event store.*payment-1@1.*checksum/);
  });

  it('exits with 3 when no event store answers', async () => {
    await server.close();
    expect(await run('events', 'show', 'payment-1')).toBe(3);
    expect(err).toContain('unreachable');
  });
});
