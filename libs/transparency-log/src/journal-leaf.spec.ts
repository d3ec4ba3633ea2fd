import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import type { EntriesPosted, JournalTransfer } from '@tongbao/contracts';
import { ALog, flip, hex, leavesTo, log, refusalOf } from '../test/a-log.js';
import { commitmentKey, type Opening } from './commitment.js';
import { maxEntryLength } from './entry-bundle.js';
import { leafOf, numberedEntries, openings, type JournalLeaf, type NumberedEntry } from './journal-leaf.js';
import { checkOpening, parseLeaf } from './journal-leaf.parse.js';
import { formatJournalReceipt, verifyJournalReceipt } from './journal-receipt.js';
import { leafHash } from './merkle.js';
import { formatReceipt, parseReceipt } from './receipt.js';

const key = commitmentKey(Buffer.alloc(32, 7));

const entry: NumberedEntry = {
  entry: 3,
  kind: 'PaymentRefunded',
  ref: 'pay_s5l6k5j2lnosz3iedvp7n6awag323lfv',
  position: '124',
  postedAt: '2026-11-23T04:48:10.840Z',
  by: 'fact',
  transfers: [
    { from: 'platform:A', to: 'user:alice:wallet', amountMinor: 1_000, currency: 'CNY', kind: 'purchase' },
    { from: 'hub:fees', to: 'creator:bob', amountMinor: 100, currency: 'CNY', kind: 'platform-service-fee' },
  ],
};
const textOf = (leaf: Uint8Array): string => Buffer.from(leaf).toString();
const commitmentOf = (field: string, value: string): string => {
  const salt = openings(entry, key).find((each) => each.field === field)?.salt ?? '';
  return createHash('sha256').update(Buffer.from(salt, 'base64url')).update(value).digest('base64url');
};

describe('golden leaves', () => {
  interface Golden {
    commitmentKey: string;
    entry: NumberedEntry;
    leaf: JournalLeaf;
    openings: Opening[];
    bytes: string;
    leafHash: string;
  }
  const folder = new URL('../golden/leaf/', import.meta.url);
  const files = readdirSync(fileURLToPath(folder)).sort();
  // The files are leaves of this type: that is what is checked here.
  const read = (file: string) => JSON.parse(readFileSync(new URL(file, folder), 'utf8')) as Golden;

  it.each(files)('%s is made of its entry, byte for byte', (file) => {
    const golden = read(file);
    const secret = commitmentKey(Buffer.from(golden.commitmentKey, 'hex'));
    const leaf = leafOf(golden.entry, secret);
    expect(textOf(leaf)).toBe(golden.bytes);
    expect(hex(leafHash(leaf))).toBe(golden.leafHash);
    expect(parseLeaf(leaf)).toEqual(golden.leaf);
    expect(openings(golden.entry, secret)).toEqual(golden.openings);
    for (const opening of golden.openings) expect(checkOpening(golden.leaf, opening)).toBe(true);
  });

  it('are all there', () => {
    expect(files).toEqual([
      'v1.command-with-everything.json',
      'v1.operator.json',
      'v1.payment-captured.json',
      'v1.service-hold.json',
      'v1.unusual-names.json',
    ]);
  });
});

describe('a leaf', () => {
  it('has the money in clear, and persons and references as commitments', () => {
    expect(JSON.parse(textOf(leafOf(entry, key)))).toEqual({
      v: 1,
      entry: 3,
      kind: 'PaymentRefunded',
      position: '124',
      postedAt: '2026-11-23T04:48:10.840Z',
      by: 'fact',
      ref: commitmentOf('ref', entry.ref),
      transfers: [
        {
          from: 'platform:A',
          to: { class: 'user', commitment: commitmentOf('transfers/0/to', 'user:alice:wallet') },
          amountMinor: 1_000,
          currency: 'CNY',
          kind: 'purchase',
        },
        {
          from: 'hub:fees',
          to: { class: 'creator', commitment: commitmentOf('transfers/1/to', 'creator:bob') },
          amountMinor: 100,
          currency: 'CNY',
          kind: 'platform-service-fee',
        },
      ],
    });
  });

  it('names no person, no reference, and no operator', () => {
    const said = textOf(leafOf({ ...entry, by: 'operator:carol', note: 'Dear Dave' }, key));
    for (const secret of ['alice', 'bob', 'carol', 'Dave', 'pay_']) expect(said).not.toContain(secret);
  });

  it.each([
    ['hub:fees', 'clear'],
    ['provider:alipay', 'clear'],
    ['bank:icbc', 'clear'],
    ['platform:A', 'clear'],
    ['reserve:platform:A', 'clear'],
    ['liquidity:platform:A', 'clear'],
    ['reserve:creator:bob', 'reserve'],
    ['liquidity:creator:bob', 'liquidity'],
    ['user:alice:wallet', 'user'],
    ['creator:bob', 'creator'],
    ['transit:out_1', 'transit'],
    ['dispute:d1', 'dispute'],
    ['person:alice', 'other'],
    ['alice', 'other'],
    ['platform:A B', 'other'],
    [`platform:${'a'.repeat(100)}`, 'other'],
  ])('account %s stands in it as %s', (name, as) => {
    const [transfer] = entry.transfers;
    const leaf = parseLeaf(leafOf({ ...entry, transfers: [{ ...transfer!, from: name }] }, key));
    const from = leaf.transfers[0]?.from;
    expect(typeof from === 'object' ? from.class : from === name && 'clear').toBe(as);
  });

  it('hides the same value differently in each entry and each field', () => {
    const [transfer] = entry.transfers;
    const twice = { ...entry, transfers: [transfer!, transfer!] };
    const commitments = [twice, { ...twice, entry: 4 }].flatMap((each) =>
      parseLeaf(leafOf(each, key)).transfers.map(({ to }) => (typeof to === 'object' ? to.commitment : to)),
    );
    expect(new Set(commitments).size).toBe(4);
  });

  it('changes with every field of the entry', () => {
    const [first, ...rest] = entry.transfers;
    const changed: NumberedEntry[] = [
      { ...entry, entry: 4 },
      { ...entry, kind: 'PaymentCaptured' },
      { ...entry, postedAt: '2026-11-23T04:48:10.841Z' },
      { ...entry, position: '125' },
      { ...entry, by: 'service' },
      { ...entry, ref: 'pay_other' },
      { ...entry, note: '' },
      { ...entry, corrects: 0 },
      { ...entry, transfers: rest },
      { ...entry, transfers: [...rest, first!] },
      ...(['from', 'to', 'kind', 'currency'] as const).map((field) => ({
        ...entry,
        transfers: [{ ...first!, [field]: 'platform:Z' }, ...rest],
      })),
      { ...entry, transfers: [{ ...first!, amountMinor: 1_001 }, ...rest] },
    ];
    const leaves = [entry, ...changed].map((each) => textOf(leafOf(each, key)));
    expect(new Set(leaves).size).toBe(leaves.length);
  });

  it('of the longest entry fits into a bundle, whatever its texts are', () => {
    const longest: JournalTransfer = {
      from: `platform:${'a'.repeat(64)}:${'b'.repeat(64)}`,
      to: `hub:${'c'.repeat(70)}:${'d'.repeat(70)}`,
      amountMinor: Number.MAX_SAFE_INTEGER,
      currency: 'CNY',
      kind: 'k'.repeat(64),
    };
    const transfers = Array.from({ length: 100 }, () => longest);
    expect(leafOf({ ...entry, transfers }, key).length).toBeLessThan(maxEntryLength);
    const wild = Array.from({ length: 100 }, () => ({ ...longest, kind: '\0'.repeat(5_000), from: '\ud800'.repeat(5_000) }));
    expect(leafOf({ ...entry, transfers: wild, ref: '\ud800', note: '\0'.repeat(500) }, key).length).toBeLessThan(maxEntryLength);
  });

  it('needs a secret that cannot be guessed', async () => {
    expect(await refusalOf(() => commitmentKey(Buffer.alloc(31)))).toBe('commitment_key');
  });
});

describe('an opening', () => {
  const leaf = parseLeaf(leafOf(entry, key));

  it('shows one field, to who has the leaf alone', () => {
    const shown = openings(entry, key);
    expect(shown.map(({ field, value }) => [field, value])).toEqual([
      ['ref', entry.ref],
      ['transfers/0/to', 'user:alice:wallet'],
      ['transfers/1/to', 'creator:bob'],
    ]);
    for (const opening of shown) expect(checkOpening(leaf, opening)).toBe(true);
  });

  it('of text that has no UTF-8 shows what was hidden', () => {
    const broken = { ...entry, ref: 'a\ud800b' };
    const [opening] = openings(broken, key);
    expect(checkOpening(parseLeaf(leafOf(broken, key)), opening!)).toBe(true);
  });

  const [ref, to] = openings(entry, key);
  it.each([
    ['another value', { ...ref!, value: 'pay_other' }],
    ['another salt', { ...ref!, salt: to!.salt }],
    ['a salt that is too short', { ...ref!, salt: '' }],
    ['a salt that is spelled otherwise', { ...ref!, salt: `${ref!.salt}=` }],
    ['another field', { ...ref!, field: 'transfers/0/to' }],
    ['a field that is in clear', { ...to!, field: 'transfers/0/from' }],
    ['a field that hides nothing', { ...ref!, field: 'by' }],
    ['a field that is missing', { ...ref!, field: 'note' }],
    ['a transfer that is missing', { ...to!, field: 'transfers/2/to' }],
    ['no field', { ...ref!, field: '__proto__' }],
  ])('with %s is wrong', (_, opening) => {
    expect(checkOpening(leaf, opening)).toBe(false);
  });
});

describe('the entries of a journal event', () => {
  const golden = new URL('../../contracts/golden/journal/EntriesPosted.v1.json', import.meta.url);
  // The file is an event of this type: the ledger's specs fold it.
  const { event } = JSON.parse(readFileSync(golden, 'utf8')) as { event: EntriesPosted };

  it('have their numbers, their time, and who posted them', () => {
    const [fact] = event.entries;
    const { position, ...command } = fact!;
    expect(position).toBe('124');
    const outcome = { commandId: 'c', contentHash: 'h', command: 'PostEntry', subject: 's', result: 'accepted' } as const;
    const numbered = numberedEntries({
      ...event,
      firstEntry: 40,
      // Two facts, an operator's linked commands with a fact behind them, and a service's command.
      entries: [fact!, fact!, command, command, fact!, command],
      outcomes: [{ ...outcome, entry: 42, by: 'operator:carol' }, { ...outcome, entry: 45 }, outcome],
    });
    expect(numbered.map(({ entry: number, by, postedAt }) => [number, by, postedAt])).toEqual(
      ['fact', 'fact', 'operator:carol', 'operator:carol', 'fact', 'service'].map((by, at) => [40 + at, by, event.postedAt]),
    );
    expect(numbered[0]).toMatchObject({ ref: fact?.ref, transfers: fact?.transfers });
  });
});

describe('bytes that are no leaf', () => {
  const good = textOf(leafOf(entry, key));
  it.each([
    ['no JSON', '{'],
    ['no object', '1'],
    ['not canonical', `${good} `],
    ['not in order', good.replace('{"by":"fact",', '{').replace(/}$/, ',"by":"fact"}')],
    ['a later version', good.replace('"v":1', '"v":2')],
    ['without an entry number', good.replace('"entry":3,', '')],
    ['with more than a leaf has', good.replace('"v":1', '"v":1,"w":1')],
    ['with a constructor', good.replace('"entry":3', '"constructor":1,"entry":3')],
    ['with a reference in clear', good.replace(/"ref":"[^"]*"/, '"ref":"pay_1"')],
    ['with an amount that is no integer', good.replace('"amountMinor":1000', '"amountMinor":1000.5')],
    ['with a negative amount', good.replace('"amountMinor":1000', '"amountMinor":-1000')],
    ['with a list for transfers that is none', good.replace(/"transfers":.*\]/, '"transfers":{}')],
    ['with half a surrogate pair', good.replace('PaymentRefunded', '\\ud800')],
  ])('are refused: %s', async (_, bytes) => {
    expect(await refusalOf(() => parseLeaf(Buffer.from(bytes)))).toBe('leaf_malformed');
  });
});

describe('a receipt of an entry', () => {
  const theLog = ALog.of([...leavesTo(3), leafHash(leafOf(entry, key)), ...leavesTo(7)]);
  const trust = { log };
  const receiptOf = async (shown: readonly Opening[] = openings(entry, key), leaf = leafOf(entry, key)): Promise<string> =>
    formatJournalReceipt({ leaf, openings: shown, proof: await theLog.prover.inclusionProof(3, 11), checkpoint: theLog.signed() });
  const failure = (receipt: string): string => {
    const result = verifyJournalReceipt(receipt, trust);
    return result.valid ? 'valid' : result.failure;
  };

  it('is checked with the keys alone, and shows what was opened', async () => {
    const [ref] = openings(entry, key);
    const result = verifyJournalReceipt(await receiptOf([ref!]), trust);
    expect(result).toMatchObject({ valid: true, index: 3, leaf: { entry: 3, ref: commitmentOf('ref', entry.ref) }, openings: [ref] });
  });

  it('is found damaged wherever a bit of it is flipped', async () => {
    const bytes = Buffer.from(await receiptOf());
    fc.assert(
      fc.property(fc.nat(bytes.length * 8 - 1), (bit) => {
        expect(failure(Buffer.from(flip(bytes, bit)).toString())).not.toBe('valid');
      }),
      { numRuns: 2_000 },
    );
  });

  it.each([
    ['says another amount', async () => await receiptOf([], leafOf({ ...entry, transfers: [] }, key)), 'inclusion_unproven'],
    [
      'shows what the leaf does not hide',
      async () => await receiptOf([{ ...openings(entry, key)[0]!, value: 'pay_other' }]),
      'opening_wrong',
    ],
    ['has no leaf', async () => formatReceipt({ ...parseReceipt(await receiptOf()), extra: undefined }), 'receipt_extra'],
    [
      'has an extra that is no JSON',
      async () => formatReceipt({ ...parseReceipt(await receiptOf()), extra: Buffer.from('x') }),
      'receipt_extra',
    ],
    [
      'has an extra of another shape',
      async () => formatReceipt({ ...parseReceipt(await receiptOf()), extra: Buffer.from('{"leaf":1}') }),
      'receipt_extra',
    ],
    [
      'has openings that are none',
      async () => formatReceipt({ ...parseReceipt(await receiptOf()), extra: Buffer.from('{"leaf":{},"openings":[1]}') }),
      'receipt_extra',
    ],
    [
      'has a leaf that is none',
      async () => formatReceipt({ ...parseReceipt(await receiptOf()), extra: Buffer.from('{"leaf":{},"openings":[]}') }),
      'leaf_malformed',
    ],
  ])('is refused when it %s', async (_, receipt, code) => {
    expect(failure(await receipt())).toBe(code);
  });

  it('is refused when the entry stands in the place of another', () => {
    const moved = ALog.of([leafHash(leafOf(entry, key))]);
    const receipt = formatJournalReceipt({ leaf: leafOf(entry, key), openings: [], proof: [], checkpoint: moved.signed() });
    expect(failure(receipt.replace('index 3', 'index 0'))).toBe('leaf_entry');
  });
});
