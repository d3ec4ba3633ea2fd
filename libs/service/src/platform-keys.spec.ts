import { generateKeyPairSync } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { ParticipantEvent, PlatformKeyRegistered, PlatformKeyRevoked } from '@tongbao/contracts';
import { EventStore, LogFeed } from '@tongbao/event-store';
import { startEventStoreServer } from '@tongbao/event-store-server';
import { keyProblem, PlatformKeys } from './platform-keys.js';

describe("platforms' keys", () => {
  let server: Awaited<ReturnType<typeof startEventStoreServer>>;
  let store: EventStore;
  let feed: LogFeed;
  let count = 0;
  const happened = (platformId: string, event: Omit<PlatformKeyRegistered, 'party'> | Omit<PlatformKeyRevoked, 'party'>) => {
    count += 1;
    const party = `platform:${platformId}`;
    const fact: ParticipantEvent = { ...event, party };
    return store.append(`participant-${party}`, 'any', [fact], { commandId: `c${count}` });
  };
  const jwk = () => {
    const { x = '' } = generateKeyPairSync('ed25519').publicKey.export({ format: 'jwk' });
    return { kty: 'OKP' as const, crv: 'Ed25519' as const, x };
  };
  beforeAll(async () => {
    server = await startEventStoreServer({ dataDir: ':memory:' });
    store = EventStore.connect(server.connectionString);
    feed = new LogFeed(store, { categories: ['participant'] });
    await feed.start();
  });
  afterAll(async () => {
    await feed.stop();
    await Promise.all([store.close(), server.close()]);
  });

  it('are found by platform and name, whoever else calls a key so', async () => {
    const keys = new PlatformKeys(store);
    keys.start(feed);
    const [mine, other] = [jwk(), jwk()];
    await happened('A', { type: 'PlatformKeyRegistered', kid: '2026', jwk: mine });
    await happened('B', { type: 'PlatformKeyRegistered', kid: '2026', jwk: other });
    expect((await keys.find('A/2026'))?.key.export({ format: 'jwk' }).x).toBe(mine.x);
    expect((await keys.find('B/2026'))?.key.export({ format: 'jwk' }).x).toBe(other.x);
  });

  it('are found a moment after they were registered, before the feed has come to them', async () => {
    const keys = new PlatformKeys(store);
    await happened('C', { type: 'PlatformKeyRegistered', kid: 'new', jwk: jwk() });
    const [first, second] = await Promise.all([keys.find('C/new'), keys.find('C/new')]);
    expect(first).toMatchObject({ platformId: 'C', kid: 'new', isRevoked: false });
    expect(second).toBe(first);
  });

  it('that were revoked stay so, however often the log is read', async () => {
    const keys = new PlatformKeys(store);
    await happened('D', { type: 'PlatformKeyRegistered', kid: 'old', jwk: jwk() });
    await happened('D', { type: 'PlatformKeyRevoked', kid: 'old' });
    expect((await keys.find('D/old'))?.isRevoked).toBe(true);
    expect(await keys.find('D/unknown')).toBeUndefined();
    expect((await keys.find('D/old'))?.isRevoked).toBe(true);
  });

  it.each(['', 'A', 'A/', '/2026', 'A/2026/1', 'ü/1'])('%p names none', async (keyId) =>
    expect(await new PlatformKeys(store).find(keyId)).toBeUndefined(),
  );

  it('count from their beginning on, until before their end', () => {
    const [from, to] = [new Date('2026-01-01T00:00:00Z'), new Date('2026-02-01T00:00:00Z')];
    const key = { platformId: 'A', kid: 'k', validFrom: from, expiresAt: to, isRevoked: false };
    const problemAt = (at: string) => keyProblem(key, new Date(at));
    expect(problemAt('2025-12-31T23:59:59Z')).toContain('is valid from');
    expect(problemAt('2026-01-01T00:00:00Z')).toBeUndefined();
    expect(problemAt('2026-01-31T23:59:59Z')).toBeUndefined();
    expect(problemAt('2026-02-01T00:00:00Z')).toContain('expired');
    expect(keyProblem({ ...key, isRevoked: true }, from)).toBe('is revoked');
  });
});
