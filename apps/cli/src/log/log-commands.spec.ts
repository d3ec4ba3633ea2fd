import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import {
  addCheckpoint,
  commitmentKey,
  formatJournalReceipt,
  formatNote,
  formatSignerKey,
  formatVerifierKey,
  generateSignerKey,
  leafHash,
  leafOf,
  MerkleTree,
  MemoryTiles,
  openings,
  parseNote,
  parseSignerKey,
  parseVerifierKey,
  signCheckpoint,
  signNote,
  TreeProver,
  type NumberedEntry,
  type Opening,
  type SignerKey,
} from '@tongbao/transparency-log';
import { runCli } from '../cli.js';

let folder: string;
let out: string;
let err: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tongbao-log-'));
  out = err = '';
});
afterEach(() => rmSync(folder, { recursive: true }));

const io = { out: (text: string) => void (out += text), err: (text: string) => void (err += text), isTerminal: false };
const run = (...words: string[]) => {
  out = err = '';
  return runCli(words, io);
};

const origin = 'hub.example/log';
const logKey = generateSignerKey(origin, 'ed25519');
const [w1, w2] = ['witness.example/w1', 'witness.example/w2'].map((name) => generateSignerKey(name, 'cosignature')) as [
  SignerKey,
  SignerKey,
];
const verifierOf = ({ verifier }: SignerKey): string => formatVerifierKey(verifier);

const entry: NumberedEntry = {
  ...{ entry: 2, kind: 'PostEntry', ref: 'pay_1', position: '77', postedAt: '2026-01-02T03:04:05.678Z', by: 'operator:jo', corrects: 1 },
  note: 'typed \u001b[31mwrongly',
  transfers: [
    { from: 'user:u1:wallet', to: 'platform:A', amountMinor: 1_234_567, currency: 'CNY', kind: 'purchase' },
    { from: 'platform:A', to: 'hub:fees', amountMinor: 900, currency: 'JPY', kind: 'fee' },
    { from: 'platform:A', to: 'hub:fees', amountMinor: 1_500, currency: 'KWD', kind: 'fee' },
  ],
};

/** A receipt for entry 2 of 5, cosigned by some. */
async function receipt(show: (opening: Opening) => boolean = () => true, witnesses: SignerKey[] = [w1, w2]): Promise<string> {
  const key = commitmentKey(Buffer.alloc(32, 1));
  const leaf = leafOf(entry, key);
  const [tree, tiles] = [new MerkleTree(), new MemoryTiles()];
  for (let at = 0; at < 5; at++) tree.append(leafHash(at === entry.entry ? leaf : Buffer.from(`${at}`)));
  for (const tile of tree.takeTiles()) tiles.put(tile);
  const note = parseNote(signCheckpoint({ origin, size: 5, root: tree.root() }, logKey));
  const signatures = [...note.signatures, ...witnesses.map((each) => signNote(note.text, each, 1_767_225_600))];
  const proof = await new TreeProver(tiles.get).inclusionProof(entry.entry, 5);
  return formatJournalReceipt({
    leaf,
    openings: openings(entry, key).filter(show),
    proof,
    checkpoint: formatNote({ ...note, signatures }),
  });
}

describe('tongbao log verify', () => {
  const file = () => join(folder, 'receipt.txt');
  const verify = async (text: string, ...words: string[]) => {
    writeFileSync(file(), text);
    return run('log', 'verify', file(), ...words);
  };
  const ofLog = ['--log', verifierOf(logKey)];
  const ofAll = [...ofLog, '--witness', verifierOf(w1), '--witness', verifierOf(w2)];

  it('says in words what a receipt proves, without asking anybody', async () => {
    expect(await verify(await receipt(), ...ofAll, '--url', 'http://127.0.0.1:9')).toBe(0);
    expect(out.split('\n')).toEqual([
      'The receipt is valid: entry 2 is in the books that hub.example/log has signed, as it is shown here.',
      '  posted     2026-01-02T03:04:05.678Z, as PostEntry, by operator:jo',
      '  about      pay_1',
      '  reason     typed \\u{1b}[31mwrongly',
      '  corrects   entry 1',
      '  transfers',
      '    12,345.67 CNY  from user:u1:wallet to platform:A  (purchase)',
      '    900 JPY  from platform:A to hub:fees  (fee)',
      '    1.500 KWD  from platform:A to hub:fees  (fee)',
      '  opened     by, ref, note, transfers/0/from',
      expect.stringMatching(/^ {2}checkpoint 5 entries, root /),
      '  witnesses  2 have seen these books (2 are needed)',
      '    witness.example/w1 at 2026-01-01T00:00:00.000Z',
      '    witness.example/w2 at 2026-01-01T00:00:00.000Z',
      '',
    ]);
    expect(err).toBe('');
  });

  it('leaves hidden what is not opened', async () => {
    expect(await verify(await receipt(({ field }) => field === 'ref'), ...ofLog)).toBe(0);
    expect(out).toContain('by [hidden: operator]');
    expect(out).toContain('from [hidden: user] to platform:A');
    expect(out).toContain('about      pay_1');
    expect(out).toContain('witnesses  none');
  });

  it('gives the same as JSON', async () => {
    expect(await verify(await receipt(({ field }) => field === 'ref'), ...ofAll, '--quorum', '1', '--json')).toBe(0);
    expect(JSON.parse(out)).toMatchObject({
      ...{ valid: true, entry: 2, kind: 'PostEntry', ref: 'pay_1', note: { hidden: 'note' }, corrects: 1, position: '77', opened: ['ref'] },
      checkpoint: { origin, size: 5 },
      witnesses: [{ name: 'witness.example/w1', cosignedAt: '2026-01-01T00:00:00.000Z' }, { name: 'witness.example/w2' }],
    });
  });

  const flipped = (text: string, before: string, after: string): string => {
    expect(text).toContain(before);
    return text.replace(before, after);
  };
  const extraOf = (text: string): string => /extra (\S+)/.exec(text)?.[1] ?? '';
  const withExtra = (text: string, change: (json: string) => string): string => {
    const extra = extraOf(text);
    const changed = Buffer.from(change(Buffer.from(extra, 'base64').toString())).toString('base64');
    expect(changed).not.toBe(extra);
    return text.replace(extra, changed);
  };

  it.each<[string, (text: string) => string, string]>([
    ['another amount', (text) => withExtra(text, (json) => json.replace('1234567', '1234568')), 'inclusion_unproven'],
    ['something else opened', (text) => withExtra(text, (json) => json.replace('"pay_1"', '"pay_2"')), 'opening_wrong'],
    ['another place', (text) => flipped(text, 'index 2\n', 'index 3\n'), 'inclusion_unproven'],
    ['a place behind the end', (text) => flipped(text, 'index 2\n', 'index 5\n'), 'index_out_of_range'],
    ['another size', (text) => flipped(text, '\n5\n', '\n6\n'), 'log_signature_invalid'],
    ['another log', (text) => flipped(text, `\n\n${origin}\n`, '\n\nother.example/log\n'), 'log_signature_invalid'],
    ['nothing in it', () => '', 'receipt_header'],
  ])('names the check that fails for a receipt with %s, and exits with 1', async (_, change, failure) => {
    expect(await verify(change(await receipt()), ...ofAll)).toBe(1);
    expect(out).toMatch(new RegExp(`^The receipt is NOT valid\\.\\n  ${failure}: \\S`));
    expect(await verify(change(await receipt()), ...ofAll, '--json')).toBe(1);
    expect(JSON.parse(out)).toMatchObject({ valid: false, failure });
  });

  it('wants as many witnesses as it is told', async () => {
    const one = await receipt(undefined, [w2]);
    expect(await verify(one, ...ofAll)).toBe(1);
    expect(out).toContain('cosignatures_too_few: 1 of 2 witnesses cosigned; 2 are needed');
    expect(await verify(one, ...ofAll, '--quorum', '1')).toBe(0);
  });

  it('takes one of several keys of a log, as the key may have changed', async () => {
    const other = generateSignerKey(origin, 'ed25519');
    expect(await verify(await receipt(), '--log', verifierOf(other), ...ofLog)).toBe(0);
    expect(await verify(await receipt(), '--log', verifierOf(other))).toBe(1);
    expect(out).toContain('log_signature_missing');
  });

  it('asks a hub for its keys where none are given, and says that it did', async () => {
    const keys = { origin, verifierKey: verifierOf(logKey), witnesses: [{ verifierKey: verifierOf(w1), url: 'http://w1' }], quorum: 1 };
    let answer = JSON.stringify(keys);
    const hub = createServer((request, response) => void response.writeHead(request.url === '/log/keys' ? 200 : 404).end(answer));
    await once(hub.listen(0, '127.0.0.1'), 'listening');
    const url = `http://127.0.0.1:${(hub.address() as AddressInfo).port}`;
    try {
      expect(await verify(await receipt(), '--url', url)).toBe(0);
      expect(out).toContain('1 have seen these books (1 are needed)');
      expect(err).toContain('get them from elsewhere');
      expect(await verify(await receipt(undefined, []), '--url', url)).toBe(1);
      expect(out).toContain('cosignatures_too_few');
      answer = '{}';
      expect(await verify(await receipt(), '--url', url)).toBe(1);
      expect(err).toContain('does not say what the keys of a log are');
    } finally {
      hub.close();
      hub.closeAllConnections();
    }
    expect(await verify(await receipt(), '--url', url)).toBe(3);
  });

  it.each([
    ['a file that is not there', ['/nowhere/receipt', ...ofLog]],
    ['a key that is none', ['FILE', '--log', 'nonsense']],
    ['the key of a witness as that of a log', ['FILE', '--log', verifierOf(w1)]],
    ['the key of a log as that of a witness', ['FILE', ...ofLog, '--witness', verifierOf(logKey)]],
    ['a quorum of more than there are', ['FILE', ...ofLog, '--quorum', '1']],
    ['one witness twice', ['FILE', ...ofLog, '--witness', verifierOf(w1), '--witness', verifierOf(w1)]],
  ])('exits with 2 for %s', async (_, words) => {
    writeFileSync(file(), await receipt());
    expect(await run('log', 'verify', ...words.map((word) => (word === 'FILE' ? file() : word)))).toBe(2);
    expect(err).toMatch(/^usage: /);
  });
});

describe('tongbao log keys', () => {
  it('makes the keys of a log as the settings take them', async () => {
    expect(await run('log', 'keys', '--origin', origin)).toBe(0);
    const signing = /^LOG_SIGNING_KEY=(.*)$/m.exec(out)?.[1] ?? '';
    expect(out).toContain(`LOG_ORIGIN=${origin}\n`);
    expect(out).toMatch(/^LOG_COMMITMENT_KEY=[0-9a-f]{64}$/m);
    expect(parseSignerKey(signing).verifier).toMatchObject({ name: origin, type: 'ed25519' });
    expect(out).toContain(`\n${verifierOf(parseSignerKey(signing))}\n`);
  });

  it('makes the key of a witness', async () => {
    expect(await run('log', 'keys', '--witness', 'witness.example/w1', '--json')).toBe(0);
    const { verifierKey, secrets } = JSON.parse(out) as { verifierKey: string; secrets: { value: string }[] };
    expect(parseSignerKey(secrets[0]?.value ?? '').verifier).toMatchObject({ name: 'witness.example/w1', type: 'cosignature' });
    expect(parseVerifierKey(verifierKey).type).toBe('cosignature');
  });

  it('writes secrets to files of their owner, never over others, and prints none of them', async () => {
    expect(await run('log', 'keys', '--origin', origin, '--out', join(folder, 'keys'))).toBe(0);
    const files = ['log-signing.key', 'log-commitment.key'].map((name) => join(folder, 'keys', name));
    for (const file of files) {
      expect(statSync(file).mode & 0o777).toBe(0o600);
      expect(out).not.toContain(readFileSync(file, 'utf8').trim());
    }
    expect(out).toContain(`LOG_SIGNING_KEY_FILE=${files[0]}\nLOG_COMMITMENT_KEY_FILE=${files[1]}\n`);
    expect(await run('log', 'keys', '--origin', origin, '--out', join(folder, 'keys'))).toBe(2);
  });

  it.each([[[]], [['--origin', origin, '--witness', 'w']], [['--origin', 'two words']]])('exits with 2 for %j', async (words) => {
    expect(await run('log', 'keys', ...words)).toBe(2);
  });
});

describe('tongbao log witness', () => {
  const data = () => join(folder, 'witness');
  /** Starts it, and gives what it said when it was ready. */
  async function started(...words: string[]) {
    const ended = run('log', 'witness', '--data', data(), '--port', '0', '--log', `${origin}=${verifierOf(logKey)}`, '--json', ...words);
    const hasEnded = ended.then(() => true);
    while (out === '' && !(await Promise.race([hasEnded, nextTurn(false)])));
    return { ended, said: out === '' ? undefined : (JSON.parse(out) as { name: string; url: string; verifierKey: string }) };
  }
  const stop = () => void process.emit('SIGTERM', 'SIGTERM');

  it('makes its key at the first start, cosigns, stops cleanly, and comes back as the same with what it remembers', async () => {
    const first = await started('--name', 'witness.example/w9');
    expect(first.said).toMatchObject({ name: 'witness.example/w9', verifierKey: expect.stringMatching(/^witness\.example\/w9\+/) });
    expect(statSync(join(data(), 'witness.key')).mode & 0o777).toBe(0o600);
    const tree = new MerkleTree();
    tree.append(leafHash(Buffer.from('leaf')));
    const signed = signCheckpoint({ origin, size: 1, root: tree.root() }, logKey);
    expect(await addCheckpoint(first.said?.url ?? '', 0, [], signed)).toMatchObject({ outcome: 'cosigned' });
    expect(err).toContain(`cosigned ${origin} at 1 entries`);
    stop();
    expect(await first.ended).toBe(0);
    const again = await started();
    expect(again.said).toMatchObject({ name: 'witness.example/w9', verifierKey: first.said?.verifierKey });
    expect(await addCheckpoint(again.said?.url ?? '', 0, [], signed)).toMatchObject({ outcome: 'conflict', size: 1 });
    stop();
    expect(await again.ended).toBe(0);
  });

  it('takes a key that it is given', async () => {
    const file = join(folder, 'w1.key');
    writeFileSync(file, formatSignerKey(w1));
    const { said, ended } = await started('--key', file);
    expect(said?.verifierKey).toBe(verifierOf(w1));
    stop();
    expect(await ended).toBe(0);
    expect(existsSync(join(data(), 'witness.key'))).toBe(false);
  });

  it('runs once on a folder', async () => {
    const first = await started();
    const second = run('log', 'witness', '--data', data(), '--port', '0', '--log', verifierOf(logKey));
    expect(await second).toBe(1);
    expect(err).toContain('another witness runs on it');
    stop();
    expect(await first.ended).toBe(0);
  });

  it('does not begin anew when what it remembers cannot be read', async () => {
    const { ended } = await started();
    stop();
    await ended;
    const { hash } = await import('node:crypto');
    writeFileSync(join(data(), `${hash('sha256', origin, 'hex')}.checkpoint`), 'damaged');
    expect(await (await started()).ended).toBe(1);
    expect(err).toContain('does not begin anew');
  });

  it.each([
    ['no folder of its own', ['--log', verifierOf(logKey)]],
    ['no log', ['--data', 'FOLDER']],
    ['an origin that its key does not have', ['--data', 'FOLDER', '--log', `other=${verifierOf(logKey)}`]],
    ['the key of a witness in the place of a log', ['--data', 'FOLDER', '--log', verifierOf(w1)]],
    ['a name that is none', ['--data', 'FOLDER', '--log', verifierOf(logKey), '--name', 'two words']],
  ])('exits with 2 for %s', async (_, words) => {
    expect(await run('log', 'witness', '--port', '0', ...words.map((word) => (word === 'FOLDER' ? data() : word)))).toBe(2);
  });
});
