import { createServer, type Server } from 'node:http';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openCheckpoint } from '../src/checkpoint.js';
import { LogRefused } from '../src/log-refused.js';
import { leafHash } from '../src/merkle.js';
import { formatSignerKey, formatVerifierKey, type SignerKey } from '../src/note.keys.js';
import { formatSignature, signNote } from '../src/note.js';
import { addCheckpoint, cosign, Witnesses } from '../src/witness.client.js';
import { witnessPolicy } from '../src/witness.policy.js';
import { startWitness, type RunningWitness } from '../src/witness.js';
import { formatCheckpoint } from '../src/checkpoint.js';
import { ALog, aWitness, leavesTo, log, logKey, origin, refusalOf } from './a-log.js';

const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

const run = async (key: SignerKey, logs = [{ origin, verifierKey: formatVerifierKey(logKey.verifier) }]): Promise<RunningWitness> => {
  const dataDir = mkdtempSync(join(tmpdir(), 'witness-'));
  const witness = await startWitness({ port: 0, name: key.verifier.name, privateKey: formatSignerKey(key), dataDir, logs });
  ends.push(async () => {
    await witness.stop();
    rmSync(dataDir, { recursive: true });
  });
  return witness;
};

/** Something that answers as a witness should not. */
const answering = async (status: number, body: string, type = 'text/plain'): Promise<string> => {
  const server: Server = createServer((request, response) => {
    request.resume().on('end', () => response.writeHead(status, { 'content-type': type }).end(body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  ends.push(() => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });
  const address = server.address();
  return `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
};

const key = aWitness();
const leaves = leavesTo(30);
const at = (size: number): ALog => ALog.of(leaves.slice(0, size));

describe('one request', () => {
  it('brings the cosignature, or the size that the witness has', async () => {
    const { url } = await run(key);
    const { checkpoint } = openCheckpoint(at(7).signed(), log);
    const first = await addCheckpoint(`${url}/`, 0, [], at(7).signed());
    expect(first).toMatchObject({ outcome: 'cosigned', signatures: [{ name: key.verifier.name, id: key.verifier.id }] });
    expect(await addCheckpoint(url, 0, [], at(9).signed())).toEqual({ outcome: 'conflict', size: checkpoint.size });
  });

  it.each([
    [400, 'no\n', 'text/plain', 'request_malformed'],
    [403, 'no\n', 'text/plain', 'log_key_unknown'],
    [404, 'no\n', 'text/plain', 'log_unknown'],
    [422, 'no\n', 'text/plain', 'log_inconsistent'],
    [409, 'no\n', 'text/plain', 'witness_failed'],
    [500, 'no\n', 'text/plain', 'witness_failed'],
    [302, 'no\n', 'text/plain', 'witness_failed'],
    [409, 'no\n', 'text/x.tlog.size', 'answer_malformed'],
    [409, '7', 'text/x.tlog.size', 'answer_malformed'],
    [200, 'x'.repeat(100_001), 'text/plain', 'answer_malformed'],
    [200, 'hello\n', 'text/plain', 'note_signature_malformed'],
    [200, 'hello', 'text/plain', 'note_signature_malformed'],
  ])('that is answered %d %j as %s is %s', async (status, body, type, code) => {
    const url = await answering(status, body, type);
    expect(await refusalOf(() => addCheckpoint(url, 0, [], at(7).signed()))).toBe(code);
  });

  it('to nobody, or to who never answers, fails', async () => {
    expect(await refusalOf(() => addCheckpoint('http://127.0.0.1:1', 0, [], at(7).signed()))).toBe('witness_failed');
    const silent = createServer(() => undefined);
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    ends.push(() => {
      silent.closeAllConnections();
      return new Promise((resolve) => silent.close(resolve));
    });
    const address = silent.address();
    const url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
    expect(await refusalOf(() => addCheckpoint(url, 0, [], at(7).signed(), { timeoutMs: 50 }))).toBe('witness_failed');
  });
});

describe('a cosignature', () => {
  it('is got from whatever size the witness has', async () => {
    const { url } = await run(key);
    for (const [thought, size] of [
      [0, 5],
      [5, 9],
      [0, 12],
      [7, 20],
      [25, 25],
    ] as const) {
      const theLog = at(size);
      const signature = await cosign({ key: key.verifier, url }, theLog.signed(), theLog.prove, { oldSize: thought });
      expect(signature.name).toBe(key.verifier.name);
    }
  });

  it('is not given to a log that was rolled back, nor to a fork', async () => {
    const { url } = await run(key);
    const witness = { key: key.verifier, url };
    await cosign(witness, at(20).signed(), at(20).prove);
    expect(await refusalOf(() => cosign(witness, at(19).signed(), at(19).prove))).toBe('witness_ahead');
    const fork = ALog.of(leaves.with(3, leafHash(Buffer.from('fork'))));
    expect(await refusalOf(() => cosign(witness, fork.signed(), fork.prove))).toBe('log_inconsistent');
    const forkOfTwenty = ALog.of(leaves.slice(0, 20).with(3, leafHash(Buffer.from('fork'))));
    expect(await refusalOf(() => cosign(witness, forkOfTwenty.signed(), forkOfTwenty.prove))).toBe('log_inconsistent');
  });

  it('that is not on this checkpoint, or of another key, is refused', async () => {
    const onOther = await answering(200, formatSignature(signNote(formatCheckpoint(at(3).checkpoint), key, 5)));
    expect(await refusalOf(() => cosign({ key: key.verifier, url: onOther }, at(5).signed(), at(5).prove))).toBe('cosignature_invalid');
    const byOther = await answering(200, formatSignature(signNote(formatCheckpoint(at(5).checkpoint), aWitness(), 5)));
    expect(await refusalOf(() => cosign({ key: key.verifier, url: byOther }, at(5).signed(), at(5).prove))).toBe('signature_missing');
  });

  it('is given up when the witness says a size again and again', async () => {
    const url = await answering(409, '3\n', 'text/x.tlog.size');
    expect(await refusalOf(() => cosign({ key: key.verifier, url }, at(5).signed(), at(5).prove))).toBe('witness_failed');
  });
});

describe('the witnesses of a log', () => {
  it('are asked side by side; a quorum of them is enough', async () => {
    const [a, b, c] = [aWitness('a'), aWitness('b'), aWitness('c')];
    const policy = witnessPolicy([a.verifier, b.verifier, c.verifier], 2);
    const [first, second] = [await run(a), await run(b)];
    const known = [
      { key: a.verifier, url: first.url },
      { key: b.verifier, url: second.url },
      { key: c.verifier, url: 'http://127.0.0.1:1' },
    ];
    const witnesses = new Witnesses(known, policy);
    for (const size of [5, 5, 12]) {
      const got = await witnesses.cosign(at(size).signed(), log, at(size).prove);
      expect(got.isWitnessed).toBe(true);
      expect(openCheckpoint(got.checkpoint, log, policy.witnesses).cosignatures.map(({ key: by }) => by.name)).toEqual(['a', 'b']);
      expect(got.failures).toMatchObject([{ witness: 'c', error: expect.any(LogRefused) }]);
    }
    const alone = await new Witnesses(known.slice(1), policy).cosign(at(12).signed(), log, at(12).prove);
    expect(alone.isWitnessed).toBe(false);
  });

  it('are not asked for what the log has not signed', async () => {
    const signed = at(5).signed().replace('\n5\n', '\n6\n');
    const witnesses = new Witnesses([], witnessPolicy([], 0));
    expect(await refusalOf(() => witnesses.cosign(signed, log, at(5).prove))).toBe('log_signature_invalid');
  });
});
