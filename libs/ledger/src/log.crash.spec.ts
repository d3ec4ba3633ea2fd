import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { leafOf, numberedEntries, openCheckpoint, parseVerifierKey } from '@tongbao/transparency-log';
import { AWitness } from '../test/a-witness.js';
import { batchOf, logVerifierKey, origin, rootOf, settingsOf, signingKey, Store, type LogOptions } from '../test/log-hub.js';
import type { LogProgram } from '../test/log.program.js';

const folder = mkdtempSync(join(tmpdir(), 'tongbao-log-'));
const libs = join(import.meta.dirname, '../..');
const node = ['--conditions=@tongbao/source', '--import', join(libs, 'event-store/test/typescript-hooks.mjs')];
const log = { origin, key: parseVerifierKey(logVerifierKey) };

/** Opened once: to make a database takes longer than all that is tested with it. */
const tables = join(folder, 'tables');

const processes: { kill: () => Promise<void> }[] = [];
afterEach(() => Promise.all(processes.splice(0).map((process) => process.kill())));

function start(program: LogProgram, faultFile?: string) {
  const child = spawn(process.execPath, [...node, join(libs, 'ledger/test/log.program.ts'), JSON.stringify(program)], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, NODE_OPTIONS: '', ...(faultFile && { TONGBAO_FAULT_FILE: faultFile }) },
  });
  const ended = once(child, 'exit').then(([code, signal]) => ({ code: code as number | null, signal: signal as NodeJS.Signals | null }));
  const running = {
    ended,
    kill: async () => {
      child.kill('SIGKILL');
      await ended;
    },
  };
  processes.push(running);
  return running;
}

let store: Store;
let witness: AWitness;
let options: LogOptions;
beforeAll(async () => {
  [store, witness] = [await Store.start(), await AWitness.start()];
  options = { witnesses: [witness.setting], quorum: 1, signingKey };
});
afterAll(async () => {
  await witness.end();
  await store.stop();
  rmSync(folder, { recursive: true });
});

/** One history: each checkpoint is of the journal and longer than the one before, and what is witnessed was signed. */
async function audit(): Promise<void> {
  const { commitments } = settingsOf();
  let before = 0;
  const signed = await store.signed();
  for (const { checkpoint, size, rootHash } of signed) {
    expect(size).toBeGreaterThan(before);
    expect(rootHash).toBe(rootOf(numberedEntries(batchOf(0, size)).map((entry) => leafOf(entry, commitments))));
    expect(openCheckpoint(checkpoint, log).checkpoint.size).toBe(size);
    before = size;
  }
  const sizes = new Set(signed.map(({ size }) => size));
  for (const { size, checkpoint } of await store.witnessed()) {
    expect(sizes.has(size)).toBe(true);
    expect(openCheckpoint(checkpoint, log, [parseVerifierKey(witness.verifierKey)]).cosignatures).toHaveLength(1);
  }
}

describe('killed at any point, the log goes on where it was: one history, and all of it witnessed', () => {
  it.each([
    ['before rows 1', 'the projection has folded, and stored nothing'],
    ['after rows 1', 'the projection has stored, and nothing is signed'],
    ['before sign 1', 'the tree is shown to continue, and is not signed'],
    ['after sign 1', 'it is signed, and nobody knows'],
    ['before log 1', 'it is signed, and about to be recorded'],
    ['after log 1', 'it is recorded, and no witness was asked'],
    ['before witness 1', 'the witness is about to be asked'],
    ['after witness 1', 'the witness has cosigned, and it is not recorded'],
    ['before log 2', 'the cosignature is about to be recorded'],
    ['after log 2', 'the cosignature is recorded, and nobody was told'],
  ])('%s: %s', async (point) => {
    const faultFile = join(folder, point.replaceAll(' ', '-'));
    const program = { connectionString: store.server.connectionString, tables, options };
    writeFileSync(faultFile, `${point}\n`);
    await store.post(3);
    const dying = start(program, faultFile);
    expect([(await dying.ended).signal, existsSync(faultFile)]).toEqual(['SIGKILL', false]);
    await store.post(2);
    const living = start(program);
    await store.untilWitnessed();
    await living.kill();
    await audit();
  });
});
