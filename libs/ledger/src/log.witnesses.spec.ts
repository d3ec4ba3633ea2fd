import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import {
  emptyRoot,
  generateSignerKey,
  parseSignerKey,
  parseVerifierKey,
  signCheckpoint,
  witnessPolicy,
  type KnownWitness,
} from '@tongbao/transparency-log';
import { AWitness } from '../test/a-witness.js';
import { origin, signingKey } from '../test/log-hub.js';
import { LogWitnesses } from './log.witnesses.js';

const signed = signCheckpoint({ origin, size: 0, root: emptyRoot }, parseSignerKey(signingKey));
const ending: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ending.splice(0)) await end();
});

async function good(name: string): Promise<KnownWitness> {
  const witness = await AWitness.start(name);
  ending.push(() => witness.end());
  const [, url = ''] = /=(http.*)$/.exec(witness.setting) ?? [];
  return { key: parseVerifierKey(witness.verifierKey), url };
}

/** Takes every request, and never answers. */
async function silent(name: string): Promise<KnownWitness & { asked: () => number }> {
  let asked = 0;
  const server: Server = createServer(() => (asked += 1));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  ending.push(
    () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  );
  // It listens on a port.
  const { port } = server.address() as AddressInfo;
  return { key: generateSignerKey(name, 'cosignature').verifier, url: `http://127.0.0.1:${port}`, asked: () => asked };
}

function asking(witnesses: readonly KnownWitness[], quorum: number, more: { timeoutMs?: number; now?: () => number } = {}) {
  const failures: string[] = [];
  const policy = witnessPolicy(
    witnesses.map(({ key }) => key),
    quorum,
  );
  const onFailure = (witness: string): Promise<void> => Promise.resolve(void failures.push(witness));
  return { failures, all: new LogWitnesses({ witnesses, policy, prove: () => Promise.resolve([]), onFailure, ...more }) };
}

describe('a round of questions', () => {
  it('ends when there are enough, though one says nothing; who has not answered yet is not asked for the next', async () => {
    const mute = await silent('w.example/mute');
    const { all, failures } = asking([await good('w.example/1'), mute], 1, { timeoutMs: 60_000 });
    expect(await all.ask(signed, 0)).toMatchObject({ isWitnessed: true, cosigners: ['w.example/1'] });
    expect(await all.ask(signed, 0)).toMatchObject({ isWitnessed: true, cosigners: ['w.example/1'] });
    expect([mute.asked(), failures]).toEqual([1, []]);
  });

  it('is not witnessed by too few, and who failed is left alone for a while', async () => {
    let now = 0;
    const mute = await silent('w.example/mute');
    const { all, failures } = asking([await good('w.example/1'), mute], 2, { timeoutMs: 100, now: () => now });
    expect(await all.ask(signed, 0)).toMatchObject({ isWitnessed: false, cosigners: ['w.example/1'] });
    await all.ask(signed, 0);
    expect([mute.asked(), failures]).toEqual([1, ['w.example/mute']]);
    now = 2_001;
    await all.ask(signed, 0);
    expect(mute.asked()).toBe(2);
  });

  it('without a quorum is witnessed by whoever has cosigned, and not by nobody', async () => {
    expect(await asking([await good('w.example/1')], 0).all.ask(signed, 0)).toMatchObject({ isWitnessed: true });
    expect(await asking([await silent('w.example/mute')], 0, { timeoutMs: 100 }).all.ask(signed, 0)).toMatchObject({ isWitnessed: false });
  });
});
