import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { formatSignerKey, formatVerifierKey } from '../src/note.keys.js';
import { addCheckpoint, cosign } from '../src/witness.client.js';
import { startWitness } from '../src/witness.js';
import { leafHash } from '../src/merkle.js';
import { ALog, aWitness, leavesTo, logKey, origin, refusalOf } from './a-log.js';

it('what a witness has on its disk when it is killed before it answers is what it goes on from', async () => {
  const key = aWitness();
  const dataDir = mkdtempSync(join(tmpdir(), 'witness-'));
  const options = {
    port: 0,
    name: key.verifier.name,
    privateKey: formatSignerKey(key),
    dataDir,
    logs: [{ origin, verifierKey: formatVerifierKey(logKey.verifier) }],
  };
  const script = join(import.meta.dirname, 'killed-witness.mjs');
  const child = spawn(process.execPath, ['--no-warnings', '--experimental-transform-types', script, JSON.stringify(options)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  const [url] = (await once(createInterface(child.stdout), 'line')) as [string];

  // The log never learns that its checkpoint was cosigned.
  const signed = ALog.of(leavesTo(5)).signed();
  expect(await refusalOf(() => addCheckpoint(url, 0, [], signed))).toBe('witness_failed');
  expect(await exited).toEqual([null, 'SIGKILL']);

  const witness = await startWitness(options);
  const fork = ALog.of(leavesTo(9).with(0, leafHash(Buffer.from('fork'))));
  expect(await addCheckpoint(witness.url, 0, [], fork.signed())).toEqual({ outcome: 'conflict', size: 5 });
  const known = { key: key.verifier, url: witness.url };
  expect(await refusalOf(() => cosign(known, fork.signed(), fork.prove))).toBe('log_inconsistent');
  const same = ALog.of(leavesTo(5));
  expect((await cosign(known, signed, same.prove)).name).toBe(key.verifier.name);
  const next = ALog.of(leavesTo(9));
  expect((await cosign(known, next.signed(), next.prove)).name).toBe(key.verifier.name);
  await witness.stop();
  rmSync(dataDir, { recursive: true });
});
