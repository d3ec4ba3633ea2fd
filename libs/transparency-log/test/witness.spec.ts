import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { formatCheckpoint, openCheckpoint, signCheckpoint } from '../src/checkpoint.js';
import { emptyRoot, leafHash } from '../src/merkle.js';
import { formatSignerKey, formatVerifierKey, generateSignerKey, parseVerifierKey } from '../src/note.keys.js';
import { formatNote, parseNote, parseSignatures, signNote } from '../src/note.js';
import { originHash } from '../src/witness.state.js';
import { formatWitnessRequest, parseWitnessRequest } from '../src/witness.request.js';
import { startWitness, type RunningWitness, type WitnessOptions } from '../src/witness.js';
import { ALog, aWitness, flip, hex, leavesTo, log, logKey, origin, refusalOf } from './a-log.js';

const witnessKey = aWitness();
const folders: string[] = [];
const running: RunningWitness[] = [];

const folder = (): string => {
  const made = mkdtempSync(join(tmpdir(), 'witness-'));
  folders.push(made);
  return made;
};
const optionsFor = (dataDir: string, more: Partial<WitnessOptions> = {}): WitnessOptions => ({
  port: 0,
  name: witnessKey.verifier.name,
  privateKey: formatSignerKey(witnessKey),
  dataDir,
  logs: [{ origin, verifierKey: formatVerifierKey(logKey.verifier) }],
  now: () => 1_679_315_147,
  ...more,
});
const start = async (dataDir = folder(), more: Partial<WitnessOptions> = {}): Promise<RunningWitness> => {
  const witness = await startWitness(optionsFor(dataDir, more));
  running.push(witness);
  return witness;
};
afterEach(async () => {
  for (const witness of running.splice(0)) await witness.stop();
});
afterAll(() => {
  for (const each of folders) rmSync(each, { recursive: true, force: true });
});

const post = async ({ url }: RunningWitness, body: string, path = '/add-checkpoint') => {
  const response = await fetch(`${url}${path}`, { method: 'POST', body });
  return { status: response.status, type: response.headers.get('content-type'), text: await response.text() };
};
const leaves = leavesTo(20);
const at = (size: number): ALog => ALog.of(leaves.slice(0, size));
const request = async (from: number, size: number, checkpoint = at(size).signed()): Promise<string> =>
  formatWitnessRequest({ oldSize: from, proof: await at(size).prove(from, size), checkpoint });
const afterSize = async (size: number, dataDir?: string): Promise<RunningWitness> => {
  const witness = await start(dataDir);
  expect((await post(witness, await request(0, size))).status).toBe(200);
  return witness;
};

describe('a witness that is asked for the first time', () => {
  it('cosigns what the log has signed', async () => {
    const witness = await start();
    const { status, text } = await post(witness, await request(0, 5));
    expect(status).toBe(200);
    const note = parseNote(at(5).signed());
    const cosigned = formatNote({ ...note, signatures: [...note.signatures, ...parseSignatures(text)] });
    const { cosignatures } = openCheckpoint(cosigned, log, [parseVerifierKey(witness.verifierKey)]);
    expect(cosignatures).toMatchObject([{ timestampSeconds: 1_679_315_147 }]);
  });

  it('cosigns the empty log', async () => {
    expect((await post(await start(), await request(0, 0))).status).toBe(200);
  });
});

describe('a witness that has cosigned 5 leaves', () => {
  it('cosigns what is proven to go on from there, and the same once more', async () => {
    const witness = await afterSize(5);
    expect((await post(witness, await request(5, 9))).status).toBe(200);
    expect((await post(witness, await request(9, 9))).status).toBe(200);
    expect((await post(witness, await request(9, 20))).status).toBe(200);
  });

  it('tells the size to who has another one', async () => {
    const witness = await afterSize(5);
    for (const from of [0, 4, 6]) {
      const { status, type, text } = await post(witness, await request(from, 9));
      expect([status, type, text]).toEqual([409, 'text/x.tlog.size', '5\n']);
    }
  });

  const fork = ALog.of(leaves.slice(0, 9).with(2, leafHash(Buffer.from('forked'))));
  const forkAt5 = ALog.of(leaves.slice(0, 5).with(2, leafHash(Buffer.from('forked'))));
  const rolledBack = at(4);

  it.each([
    [
      'a fork',
      async () => formatWitnessRequest({ oldSize: 5, proof: await fork.prove(5, 9), checkpoint: fork.signed() }),
      422,
      'proof_wrong',
    ],
    ['a fork of the same size', () => formatWitnessRequest({ oldSize: 5, proof: [], checkpoint: forkAt5.signed() }), 422, 'root_differs'],
    ['a log rolled back', () => formatWitnessRequest({ oldSize: 4, proof: [], checkpoint: rolledBack.signed() }), 409, '5\n'],
    [
      'a log rolled back, asked from 5',
      () => formatWitnessRequest({ oldSize: 5, proof: [], checkpoint: rolledBack.signed() }),
      400,
      'old_size_too_large',
    ],
    [
      'a proof with a flipped bit',
      async () => {
        const proof = await at(9).prove(5, 9);
        return formatWitnessRequest({ oldSize: 5, proof: proof.with(1, flip(proof[1]!, 9)), checkpoint: at(9).signed() });
      },
      422,
      'proof_wrong',
    ],
    ['no proof', () => formatWitnessRequest({ oldSize: 5, proof: [], checkpoint: at(9).signed() }), 422, 'proof_wrong'],
    [
      'a proof of the same size',
      () => formatWitnessRequest({ oldSize: 5, proof: [emptyRoot], checkpoint: at(5).signed() }),
      422,
      'proof_wrong',
    ],
  ] as const)('does not cosign %s', async (_, body, status, said) => {
    const witness = await afterSize(5);
    expect(await post(witness, await body())).toMatchObject({ status, text: expect.stringContaining(said) });
    expect((await post(witness, await request(5, 9))).status).toBe(200);
  });
});

describe('a request is refused', () => {
  const good = formatWitnessRequest({ oldSize: 0, proof: [], checkpoint: at(5).signed() });
  const stranger = generateSignerKey('other.example/log', 'ed25519');
  const impostor = generateSignerKey(origin, 'ed25519');
  const text = formatCheckpoint(at(5).checkpoint);
  const emptyText = formatCheckpoint({ origin, size: 0, root: at(5).checkpoint.root });

  it.each([
    [
      'of an unknown log',
      good.replace(at(5).signed(), signCheckpoint({ ...at(5).checkpoint, origin: 'other.example/log' }, stranger)),
      404,
    ],
    ['signed by another key', good.replace(at(5).signed(), signCheckpoint(at(5).checkpoint, impostor)), 403],
    ['signed over another text', good.replace('\n5\n', '\n6\n'), 403],
    ['from more than the checkpoint has', good.replace('old 0', 'old 6'), 400],
    ['from nothing, with a proof', good.replace('old 0\n', `old 0\n${Buffer.alloc(32).toString('base64')}\n`), 422],
    [
      'of nothing that has a root',
      formatWitnessRequest({
        oldSize: 0,
        proof: [],
        checkpoint: formatNote({ text: emptyText, signatures: [signNote(emptyText, logKey)] }),
      }),
      422,
    ],
    ['without anything', '', 400],
    ['without a checkpoint', 'old 0\n\n', 400],
    ['without an old size', good.replace('old 0\n', ''), 400],
    ['with a zero before the old size', good.replace('old 0', 'old 00'), 400],
    ['with a hash that is none', good.replace('old 0\n', 'old 0\nAAAA\n'), 400],
    ['with 64 hashes', good.replace('old 0\n', `old 0\n${`${Buffer.alloc(32).toString('base64')}\n`.repeat(64)}`), 400],
    ['of a checkpoint that nobody signed', `old 0\n\n${text}\n`, 400],
    ['of a note that is no checkpoint', `old 0\n\n${formatNote({ text: 'hello\n', signatures: [signNote('hello\n', logKey)] })}`, 400],
    ['that is too long', 'x'.repeat(1_000_001), 413],
  ])('%s', async (_, body, status) => {
    const witness = await start();
    expect((await post(witness, body)).status).toBe(status);
    expect((await post(witness, good)).status).toBe(200);
  });

  it('at another path, or as another method', async () => {
    const witness = await start();
    expect((await post(witness, good, '/add')).status).toBe(404);
    expect((await fetch(`${witness.url}/add-checkpoint`)).status).toBe(405);
  });

  it('is written as it is read', async () => {
    const proof = await at(9).prove(5, 9);
    const parsed = parseWitnessRequest(formatWitnessRequest({ oldSize: 5, proof, checkpoint: at(9).signed() }));
    expect({ ...parsed, proof: parsed.proof.map(hex) }).toEqual({ oldSize: 5, proof: proof.map(hex), checkpoint: at(9).signed() });
  });
});

describe('many requests at once', () => {
  it('have one order: of those that go on from the same size one is cosigned', async () => {
    const witness = await afterSize(5);
    const answers = await Promise.all(Array.from({ length: 15 }, async (_, n) => post(witness, await request(5, 6 + n))));
    const won = answers.flatMap(({ status }, n) => (status === 200 ? [6 + n] : []));
    expect(won).toHaveLength(1);
    expect(answers.filter(({ status, text }) => status === 409 && text === `${won[0]}\n`)).toHaveLength(14);
  });
});

describe('a witness remembers', () => {
  it('what it has cosigned, for monitors too', async () => {
    const dataDir = folder();
    await (await afterSize(5, dataDir)).stop();
    running.length = 0;
    const again = await start(dataDir);
    expect(await post(again, await request(0, 9))).toMatchObject({ status: 409, text: '5\n' });
    const response = await fetch(`${again.url}/${originHash(origin)}/checkpoint`);
    const { checkpoint, cosignatures } = openCheckpoint(await response.text(), log, [witnessKey.verifier]);
    expect([checkpoint.size, cosignatures.length]).toEqual([5, 1]);
    expect((await fetch(`${again.url}/${originHash('other')}/checkpoint`)).status).toBe(404);
  });

  it('nothing of signatures that are not its own or the log’s', async () => {
    const witness = await start();
    const note = parseNote(at(5).signed());
    const strange = formatNote({ ...note, signatures: [...note.signatures, signNote(note.text, generateSignerKey('x', 'ed25519'))] });
    expect((await post(witness, await request(0, 5, strange))).status).toBe(200);
    const stored = await (await fetch(`${witness.url}/${originHash(origin)}/checkpoint`)).text();
    expect(parseNote(stored).signatures.map(({ name }) => name)).toEqual([origin, witnessKey.verifier.name]);
  });

  it('in a folder that is its own while it runs', async () => {
    const dataDir = folder();
    await start(dataDir);
    await expect(startWitness(optionsFor(dataDir))).rejects.toThrow('another witness runs on it');
  });

  it('nothing of a write that was cut off', async () => {
    const dataDir = folder();
    await (await afterSize(5, dataDir)).stop();
    running.length = 0;
    const [file = ''] = readdirSync(dataDir).filter((name) => name.endsWith('.checkpoint'));
    writeFileSync(join(dataDir, `${file}.next`), readFileSync(join(dataDir, file), 'utf8').slice(0, 20));
    expect(await post(await start(dataDir), await request(5, 9))).toMatchObject({ status: 200 });
  });

  it('or does not start: a flipped bit in its file is no new log', async () => {
    const dataDir = folder();
    await (await afterSize(5, dataDir)).stop();
    running.length = 0;
    const [file = ''] = readdirSync(dataDir).filter((name) => name.endsWith('.checkpoint'));
    writeFileSync(join(dataDir, file), flip(readFileSync(join(dataDir, file)), 8 * (origin.length + 1)));
    expect(await refusalOf(() => startWitness(optionsFor(dataDir)))).toBe('log_signature_invalid');
    writeFileSync(join(dataDir, file), '');
    expect(await refusalOf(() => startWitness(optionsFor(dataDir)))).toBe('note_unsigned');
  });

  it('or fails: what it could not write it has not cosigned', async () => {
    const dataDir = folder();
    const failures: unknown[] = [];
    const witness = await start(dataDir, { onFailure: (error) => failures.push(error) });
    rmSync(dataDir, { recursive: true });
    expect((await post(witness, await request(0, 5))).status).toBe(500);
    expect(failures).toHaveLength(1);
  });
});

describe('a witness does not start', () => {
  it.each([
    ['under another name than its key', { name: 'other' }, 'key_name'],
    ['with the key of a log', { name: origin, privateKey: formatSignerKey(logKey) }, 'key_type'],
    ['with no key', { privateKey: 'secret' }, 'key_malformed'],
    ['for a log with no key', { logs: [{ origin, verifierKey: 'x' }] }, 'key_malformed'],
  ])('%s', async (_, more, code) => {
    expect(await refusalOf(() => startWitness(optionsFor(folder(), more)))).toBe(code);
  });

  it('on a port that is taken', async () => {
    const { port } = await start();
    const dataDir = folder();
    await expect(startWitness(optionsFor(dataDir, { port }))).rejects.toThrow('EADDRINUSE');
    await start(dataDir);
  });
});
