import { afterAll, afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { SqlClient } from '@tongbao/read-model';
import { eventually } from '@tongbao/testing';
import {
  formatSignerKey,
  formatVerifierKey,
  generateSignerKey,
  leafOf,
  numberedEntries,
  openCheckpoint,
  parseVerifierKey,
} from '@tongbao/transparency-log';
import { AWitness } from '../test/a-witness.js';
import { batchOf, Databases, LogProcess, logVerifierKey, origin, rootOf, settingsOf, Store, type LogOptions } from '../test/log-hub.js';
import { LogStream } from './log.stream.js';

const log = { origin, key: parseVerifierKey(logVerifierKey) };
const ending: (() => Promise<void>)[] = [];
const databases = new Databases();
afterAll(() => databases.close());

let store: Store;

beforeEach(async () => {
  store = await aStore();
});
afterEach(async () => {
  for (const end of ending.splice(0).reverse()) await end();
  databases.release();
});

async function aStore(): Promise<Store> {
  const started = await Store.start();
  ending.push(() => started.stop());
  return started;
}

async function aProcess(options: LogOptions = {}, on = store, tables?: SqlClient): Promise<LogProcess> {
  const started = await LogProcess.start(on, tables ?? (await databases.empty()), options);
  ending.push(() => started.stop());
  return started;
}

async function aWitness(name?: string): Promise<AWitness> {
  const started = await AWitness.start(name);
  ending.push(() => started.end());
  return started;
}

/** The roots that the journal makes, by size. */
const rootAt = (size: number, note = ''): string =>
  rootOf(numberedEntries(batchOf(0, size, note)).map((entry) => leafOf(entry, settingsOf().commitments)));

/** What was signed is one history: each checkpoint is of the journal, and longer than the one before. */
async function expectOneHistory(of: Store): Promise<void> {
  const signed = await of.signed();
  let before = -1;
  for (const { checkpoint, size, rootHash } of signed) {
    const opened = openCheckpoint(checkpoint, log).checkpoint;
    expect([opened.size, Buffer.from(opened.root).toString('base64')]).toEqual([size, rootHash]);
    expect(rootHash).toBe(rootAt(size));
    expect(size).toBeGreaterThan(before);
    before = size;
  }
}

describe('signing', () => {
  it('signs what is posted, and again what comes after it, and nothing while nothing comes', async () => {
    const process = await aProcess();
    await store.post(3);
    const first = await store.untilSigned();
    expect(first).toMatchObject({ size: 3, journalRevision: 0, sourcePosition: '3', witnessesNeeded: 0 });
    await store.post(0);
    await store.post(2);
    const second = await store.untilSigned();
    expect(second).toMatchObject({ size: 5, journalRevision: 2, sourcePosition: '5' });
    expect((await process.log.checkpoints.newest())?.size).toBe(5);
    expect(process.log.status()).toEqual({ lagMs: 0, isAlarmed: false });
    expect(await process.problem()).toBeUndefined();
    await expectOneHistory(store);
    expect(await store.said()).toHaveLength(2);
  });

  it('goes on after a restart, and where all tables are lost: they are made again, and are what was signed', async () => {
    const first = await LogProcess.start(store, await databases.empty());
    await store.post(300);
    await store.untilSigned();
    await first.stop();
    const second = await aProcess();
    await store.post(1);
    await store.untilSigned();
    expect(await second.runner.rebuild()).toMatchObject({ equal: true });
    await store.post(1);
    await store.untilSigned();
    await expectOneHistory(store);
  });

  it('by two processes at once makes one history', async () => {
    await Promise.all([aProcess(), aProcess()]);
    for (let round = 0; round < 6; round += 1) {
      await store.post(round + 1);
      await store.untilSigned();
    }
    await expectOneHistory(store);
  });

  it('of who decided on what is no longer the end is refused by the stream', async () => {
    const [one, other] = [new LogStream(store.store), new LogStream(store.store)];
    const signed = { ...(await someSigned()), size: 99 };
    await one.extend(() => Promise.resolve(undefined));
    await other.extend(() => Promise.resolve(signed));
    await expect(one.extend(() => Promise.resolve({ ...signed, size: 98 }))).rejects.toMatchObject({ name: 'LogMoved' });
    let seen: number | undefined;
    await one.extend((end) => {
      seen = end.signed?.size;
      return Promise.resolve(undefined);
    });
    expect(seen).toBe(99);
  });

  it('with a new key of the same log signs the same entries once more', async () => {
    const first = await LogProcess.start(store, await databases.empty());
    await store.post(3);
    await store.untilSigned();
    await first.stop();
    const key = generateSignerKey(origin, 'ed25519');
    await aProcess({ signingKey: formatSignerKey(key) });
    const signed = await eventually(
      () => store.signed(),
      (all) => all.length === 2,
    );
    expect(signed.map(({ size, rootHash }) => [size, rootHash])).toEqual([
      [3, rootAt(3)],
      [3, rootAt(3)],
    ]);
    expect(openCheckpoint(signed[1]!.checkpoint, { origin, key: parseVerifierKey(formatVerifierKey(key.verifier)) }).checkpoint.size).toBe(
      3,
    );
  });
});

async function someSigned() {
  const other = await aStore();
  const process = await LogProcess.start(other, await databases.empty());
  await other.post(1);
  const signed = await other.untilSigned();
  await process.stop();
  return signed;
}

/** A hub that has signed 2, 4 and 6 entries, and its tables. */
async function aHistory(options: LogOptions = {}) {
  const from = await aStore();
  const tables = await databases.empty();
  const process = await LogProcess.start(from, tables, options);
  for (let round = 0; round < 3; round += 1) {
    await from.post(2);
    await from.untilSigned();
    if (options.quorum) await from.untilWitnessed();
  }
  await process.stop();
  return { from, tables, said: await from.said() };
}

describe('nothing is signed, and people are told,', () => {
  const standsStill = async (process: LogProcess, on: Store, problem: RegExp) => {
    const before = await on.said();
    await process.untilProblem(problem);
    await on.post(1);
    await process.runner.reached(await on.store.head(), 5_000);
    await process.untilProblem(problem);
    expect(process.log.status()?.isAlarmed).toBe(true);
    expect(await on.said()).toEqual(before);
  };

  it('when the journal is shorter than what was signed', async () => {
    const { said } = await aHistory();
    await store.post(2);
    await store.post(2);
    await store.say(...said);
    await standsStill(await aProcess(), store, /rolled_back: the journal ends with event 1, and event 2 was there before/);
  });

  it('when the tables know more of the journal than there is: it was restored from a backup, and they were not', async () => {
    const { tables, said } = await aHistory();
    await store.post(2);
    await store.say(said[0]!);
    const process = await aProcess({}, store, tables);
    await process.untilProblem(/rolled_back: the journal ends with event 0, and event 2 was there before/);
    expect(await store.said()).toHaveLength(1);
  });

  it('when the journal has other entries than those that were signed', async () => {
    const { said } = await aHistory();
    for (let round = 0; round < 4; round += 1) await store.post(2, round === 1 ? ' other' : '');
    await store.say(...said);
    await standsStill(await aProcess(), store, /forked: from 6 to 8 leaves/);
  });

  it('when the tables were made with another commitment key', async () => {
    const { from } = await aHistory();
    const before = await from.said();
    const process = await aProcess({ commitmentKey: 'cd'.repeat(32) }, from);
    await process.untilProblem(/forked: 6 entries have another root than the one that was signed/);
    expect(await from.said()).toEqual(before);
  });

  it('when what was signed here was another log', async () => {
    const { from } = await aHistory();
    const before = await from.said();
    const key = formatSignerKey(generateSignerKey('other.example', 'ed25519'));
    const process = await aProcess({ origin: 'other.example', signingKey: key }, from);
    await process.untilProblem(/origin_differs: the newest checkpoint is one of hub.example\/log, and this is other.example/);
    expect(await from.said()).toEqual(before);
  });

  it('when a tile is damaged; and it goes on once the tile is mended', async () => {
    const process = await aProcess();
    await store.post(300);
    await store.untilSigned();
    const level1 = 'log.tiles_g1 WHERE level = 1';
    const [row] = await process.sql.query<{ hashes: string }>(`SELECT hashes FROM ${level1}`);
    await process.sql.query(`UPDATE log.tiles_g1 SET hashes = $1 WHERE level = 1`, [Buffer.alloc(32, 7).toString('base64')]);
    await store.post(1);
    await process.untilProblem(/tiles_damaged: from 300 to 301 leaves/);
    expect(await store.said()).toHaveLength(1);
    await process.sql.query(`UPDATE log.tiles_g1 SET hashes = $1 WHERE level = 1`, [row!.hashes]);
    await store.untilSigned();
    expect(await process.problem()).toBeUndefined();
    await expectOneHistory(store);
  });
});

describe('witnesses', () => {
  it('cosign what is signed, and as many as are needed make it witnessed', async () => {
    const witnesses = [await aWitness('w.example/1'), await aWitness('w.example/2'), await aWitness('w.example/3')];
    await witnesses[2]!.stop();
    const process = await aProcess({ witnesses: witnesses.map(({ setting }) => setting), quorum: 2 });
    await store.post(2);
    await store.untilWitnessed();
    await store.post(3);
    const witnessed = await store.untilWitnessed();
    expect(witnessed.cosigners.toSorted()).toEqual(['w.example/1', 'w.example/2']);
    const keys = witnesses.map(({ verifierKey }) => parseVerifierKey(verifierKey));
    expect(openCheckpoint(witnessed.checkpoint, log, keys)).toMatchObject({ checkpoint: { size: 5 }, cosignatures: [{}, {}] });
    await eventually(
      () => process.log.checkpoints.newest(),
      (newest) => newest?.note === witnessed.checkpoint,
    );
    expect(await process.log.checkpoints.witnessed()).toEqual(await process.log.checkpoints.newest());
    expect(await process.check.notice?.()).toMatch(/^5 entries are signed, 5 witnessed; w.example\/3 does not cosign: .*cannot be reached/);
    expect(await process.problem()).toBeUndefined();
  });

  it('that are down hold up no signature; the newest checkpoint is witnessed when they are back', async () => {
    const witness = await aWitness();
    await witness.stop();
    await aProcess({ witnesses: [witness.setting], quorum: 1 });
    for (let round = 0; round < 3; round += 1) {
      await store.post(2);
      await store.untilSigned();
    }
    expect(await store.witnessed()).toEqual([]);
    await witness.start();
    await store.untilWitnessed();
    expect((await store.witnessed()).map(({ size }) => size)).toEqual([6]);
  });

  it('that have answered and were not recorded are asked again after a restart', async () => {
    const witness = await aWitness();
    const unwitnessed = await LogProcess.start(store, await databases.empty());
    await store.post(2);
    await store.untilSigned();
    await unwitnessed.stop();
    await aProcess({ witnesses: [witness.setting], quorum: 1 });
    expect((await store.untilWitnessed()).cosigners).toEqual([witness.name]);
  });

  it('find a log that was rolled back, before anything is signed on top of it', async () => {
    const witness = await aWitness();
    const options = { witnesses: [witness.setting], quorum: 1 };
    const { said } = await aHistory(options);
    // The backup of an hour ago: journal, and what was signed until then.
    await store.post(2);
    await store.say(...said.slice(0, 2));
    await store.post(2);
    const process = await aProcess(options);
    await process.untilProblem(/rolled_back: witness_ahead: witness.example\/w1 has cosigned 6 leaves; this checkpoint has 2/);
    expect(await store.said()).toHaveLength(2);
  });

  it('find a fork', async () => {
    const witness = await aWitness();
    const options = { witnesses: [witness.setting], quorum: 1 };
    await aHistory(options);
    for (let round = 0; round < 4; round += 1) await store.post(2, ' other');
    const process = await aProcess(options);
    await process.untilProblem(/forked: log_inconsistent/);
    const before = await store.said();
    await store.post(1);
    await process.runner.reached(await store.store.head(), 20_000);
    await process.untilProblem(/forked: log_inconsistent/);
    expect(await store.said()).toEqual(before);
  });
});
