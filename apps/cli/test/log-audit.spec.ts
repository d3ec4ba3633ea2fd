import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DomainEvent } from '@tongbao/event-store';
import { commitmentKey, formatVerifierKey, generateSignerKey, signCheckpoint, unwitnessed } from '@tongbao/transparency-log';
import { Findings } from '../src/log/findings.js';
import { HubAudit, type HubAuditParts } from '../src/log/hub.audit.js';
import { logIdentity } from '../src/log/log-keys.js';
import { SqlReadModels } from '../src/log/read-models.sql.js';
import {
  AuditedBooks,
  aJournalEvent,
  cosigned,
  journalOf300,
  logKey,
  origin,
  PublishedLog,
  purchase,
  secret,
  witnessKey,
} from './audited-books.js';

let books: AuditedBooks;
beforeAll(async () => {
  books = await AuditedBooks.open();
});
afterEach(() => books.log.served.clear());
afterAll(() => books.close());

it('finds nothing in a hub that is whole, and says what it has looked at', async () => {
  const { code, report, err } = await books.audit();
  expect({ findings: report.findings, err }).toEqual({ findings: [], err: '' });
  expect(code).toBe(0);
  expect(report).toMatchObject({
    ok: true,
    log: origin,
    entries: 300,
    journalEvents: 6,
    currencies: ['CNY', 'USD'],
    checkpoints: { signed: 5, witnessed: 5, newestSize: 300, witnessedSize: 300 },
    served: { size: 300, leavesCompared: 300 },
    rows: { entriesCompared: 300, accountsCompared: 11 },
  });
});

describe('the event store', () => {
  it('with a flipped bit is found by its checksum; what it does not concern is still compared', async () => {
    const { found, report, code } = await books.withTamperedStore(
      (file) => file.flipBit('journal-main', 3),
      () => books.audit(),
    );
    expect(found).toEqual(['event_damaged journal-main@3', 'entries_unknown entry 260']);
    expect(report.findings[0]?.detail).toContain('checksum');
    expect(report).toMatchObject({ entries: 300, rows: { entriesCompared: 299, accountsCompared: 0 }, served: { leavesCompared: 299 } });
    expect(report.notes.join()).toContain('balances are not compared');
    expect(code).toBe(1);
  });

  it('with a flipped bit in its last event is found, and what lies behind it is not taken for more', async () => {
    const { found } = await books.withTamperedStore(
      (file) => file.flipBit('journal-main', 5),
      () => books.audit(),
    );
    expect(found).toEqual(['event_damaged journal-main@5', 'served_leaves_missing checkpoint', 'checkpoint_beyond log-main@8']);
  });

  it('with a flipped bit and no log beside it leaves the roots behind it unproven', async () => {
    const { found } = await books.withTamperedStore(
      (file) => file.flipBit('journal-main', 0),
      () => books.audit('--store-only', '--log', formatVerifierKey(logKey.verifier), '--witness', formatVerifierKey(witnessKey.verifier)),
    );
    expect(found).toEqual(['event_damaged journal-main@0', 'entries_unknown entries 0 to 9', 'checkpoint_unproven 5 checkpoints']);
  });

  it('with a flipped bit in a checkpoint is found the same way', async () => {
    const { found } = await books.withTamperedStore(
      (file) => file.flipBit('log-main', 4),
      () => books.audit(),
    );
    expect(found).toContain('event_damaged log-main@4');
  });

  it('with an amount that was changed, checksum and all, is found by what was signed', async () => {
    const { found, report } = await books.withTamperedStore(
      (file) => file.rewrite('journal-main', 3, (data) => data.replace('"amountMinor":1000', '"amountMinor":9000')),
      () => books.audit(),
    );
    expect(report.findings).toContainEqual({
      ...{ finding: 'journal_changed', at: 'entry 260', field: 'transfers/0/amountMinor' },
      ...{ expected: 1000, found: 9000 },
    });
    expect(found).toEqual(
      expect.arrayContaining([
        'entry_row_differs entry 260 transfers/0/amountMinor',
        'account_row_differs platform:A CNY postedMinor',
        'tile_differs tile/0/001.p/44',
        'served_root 300 entries',
        'checkpoint_root log-main@4 (261 entries)',
        'checkpoint_root log-main@8 (300 entries)',
      ]),
    );
    // Of before nothing is said.
    expect(found.filter((each) => each.startsWith('checkpoint_root'))).toHaveLength(3);
  });

  it('with another person in a hidden place is found without a look into the leaf', async () => {
    const { found } = await books.withTamperedStore(
      (file) => file.rewrite('journal-main', 0, (data) => data.replace('user:u4:wallet', 'user:u5:wallet')),
      () => books.audit(),
    );
    expect(found).toContain('journal_changed entry 4 transfers/0/from/commitment');
    expect(found).toContain('entry_row_differs entry 4 transfers/0/from');
  });

  it('without an event is found by the gap, and by the entries that nobody has', async () => {
    const { found } = await books.withTamperedStore(
      (file) => file.remove('journal-main', 0),
      () => books.audit(),
    );
    expect(found).toEqual(['event_missing journal-main@0', 'entries_unknown entries 0 to 9']);
  });

  it('without its end is found by the checkpoints that cover it: a roll-back', async () => {
    const { found, report } = await books.withTamperedStore(
      (file) => file.cut('journal-main', 4),
      () => books.audit(),
    );
    expect(found).toEqual(
      expect.arrayContaining([
        'checkpoint_beyond log-main@6',
        'checkpoint_beyond log-main@8',
        'served_leaves_missing checkpoint',
        'entry_row_extra entry 261',
        'account_row_differs platform:A CNY revision',
      ]),
    );
    expect(report.counts.entry_row_extra).toBe(20);
  });

  it('whose journal and checkpoints were both cut off is found by what is served, and by what was known', async () => {
    const known = join(books.dataDir, 'known.txt');
    writeFileSync(known, cosigned(books.log.note));
    const cut = new PublishedLog();
    for (const event of journalOf300().slice(0, 4)) cut.grow(event);
    cut.sign();
    const { found } = await books.withTamperedStore(
      (file) => {
        file.cut('journal-main', 4);
        file.cut('log-main', 6);
      },
      () => books.audit('--known', known),
    );
    expect(found).toEqual(expect.arrayContaining(['served_checkpoint_unrecorded checkpoint', `rolled_back the checkpoint of ${known}`]));
  });

  it('with a checkpoint that another key has signed is found by its signature', async () => {
    const stranger = signCheckpoint({ origin, size: 261, root: books.log.tree.root() }, generateSignerKey(origin, 'ed25519'));
    const { report } = await books.withTamperedStore(
      (file) => file.rewrite('log-main', 4, (data) => JSON.stringify({ ...(JSON.parse(data) as object), checkpoint: stranger })),
      () => books.audit(),
    );
    expect(report.findings).toContainEqual({
      ...{ finding: 'checkpoint_refused', at: 'log-main@4' },
      detail: expect.stringContaining('log_signature_missing'),
    });
  });

  it.each([
    ['size', '"size":261', '"size":262', 'checkpoint_record log-main@4 size'],
    ['cover', '"sourcePosition":"2261"', '"sourcePosition":"2999"', 'checkpoint_record log-main@4 sourcePosition'],
    ['text', '\\n261\\n', '\\n260\\n', 'checkpoint_refused log-main@4'],
  ])('with another %s in the record of a checkpoint is found', async (_, before, after, expected) => {
    const { found } = await books.withTamperedStore(
      (file) => file.rewrite('log-main', 4, (data) => data.replace(before, after)),
      () => books.audit(),
    );
    expect(found).toContain(expected);
  });

  it('with a witness that has not signed is found', async () => {
    const forged = cosigned(books.log.note, generateSignerKey('witness.example/w1', 'cosignature'));
    const { found } = await books.withTamperedStore(
      (file) => file.rewrite('log-main', 9, (data) => JSON.stringify({ ...(JSON.parse(data) as object), checkpoint: forged })),
      () => books.audit(),
    );
    expect(found).toEqual(['cosignature_refused log-main@9', 'cosigners_too_few log-main@9']);
  });

  it.each([
    ['an entry number', '"firstEntry":290', '"firstEntry":289', 'entry_number journal-main@5 firstEntry'],
    ['an entry number far away', '"firstEntry":290', '"firstEntry":9007199254740000', 'entries_unknown entries 290 to 9007199254739999'],
    ['an epoch', '"epoch":1', '"epoch":0', undefined],
    ['an amount below nothing', '"amountMinor":1000', '"amountMinor":-1000', 'transfer_invalid entry 290 transfers/0/amountMinor'],
    ['a shape', '"entries":[', '"entriez":[', 'event_malformed journal-main@5'],
    ['a hold', '"holds":[]', '"holds":[{"change":"expired","holdId":"h9"}]', 'hold_unknown journal-main@5'],
  ])('with %s that no writer writes is found', async (_, before, after, expected) => {
    const { found } = await books.withTamperedStore(
      (file) => file.rewrite('journal-main', 5, (data) => data.replace(before, after)),
      () => books.audit(),
    );
    expect(found).toContain(expected ?? 'journal_order journal-main@5 epoch');
  });
});

describe('what is served', () => {
  it('with a flipped bit in a tile is found, with the place', async () => {
    const tile = Buffer.from((await books.log.at('tile/0/000')) ?? '');
    tile[17 * 32] = (tile[17 * 32] ?? 0) ^ 1;
    books.log.served.set('tile/0/000', tile);
    const { report, code } = await books.audit();
    expect(report.findings).toEqual([{ finding: 'tile_differs', at: 'tile/0/000', detail: 'hashes 17 of its level' }]);
    expect(code).toBe(1);
  });

  it('with a flipped bit in a tile that roots are made of cannot be shown to continue anything', async () => {
    const tile = Buffer.from((await books.log.at('tile/1/000.p/1')) ?? '');
    tile[0] = (tile[0] ?? 0) ^ 1;
    books.log.served.set('tile/1/000.p/1', tile);
    books.log.served.set('checkpoint', cosigned(books.log.note));
    const { found } = await books.audit();
    expect(found).toContain('tile_differs tile/1/000.p/1');
  });

  it.each([
    ['a tile', 'tile/0/000', 'tile_missing tile/0/000'],
    ['a bundle of entries', 'tile/entries/001.p/44', 'bundle_missing tile/entries/001.p/44'],
  ])('without %s is found', async (_, path, expected) => {
    books.log.served.set(path, null);
    expect((await books.audit()).found).toContain(expected);
  });

  it.each([
    ['a tile', 'tile/0/000', 'tile_length tile/0/000'],
    ['a bundle of entries', 'tile/entries/000', 'bundle_length tile/entries/000'],
  ])('with %s that is cut off is found', async (_, path, expected) => {
    books.log.served.set(path, Buffer.from((await books.log.at(path)) ?? '').subarray(0, -1));
    expect((await books.audit()).found).toContain(expected);
  });

  it('with a leaf that says another amount is found, and it is the leaf that is wrong', async () => {
    const leaf = Buffer.from(
      Buffer.from(books.log.leaves[270] ?? [])
        .toString()
        .replace('"amountMinor":1000', '"amountMinor":1'),
    );
    books.log.replaceLeaf(270, leaf);
    const { report } = await books.audit();
    expect(report.findings).toEqual([
      { finding: 'leaf_differs', at: 'entry 270', field: 'transfers/0/amountMinor', expected: 1000, found: 1 },
    ]);
  });

  it('with an older checkpoint is a log that is rolled back', async () => {
    const older = new PublishedLog();
    for (const event of journalOf300().slice(0, 4)) older.grow(event);
    books.log.served.set('checkpoint', older.sign());
    expect((await books.audit()).found).toEqual([`rolled_back ${books.url}/log/checkpoint`]);
  });

  it('with another history is a log that is forked, though its key has signed it', async () => {
    const fork = new PublishedLog();
    for (const [at, event] of journalOf300().entries())
      fork.grow(at === 0 ? aJournalEvent(0, [purchase(77), ...event.entries.slice(1)]) : event);
    books.log.served.set('checkpoint', fork.sign());
    for (const path of ['tile/0/000', 'tile/1/000.p/1', 'tile/entries/000']) books.log.served.set(path, await fork.at(path));
    const { found } = await books.audit();
    expect(found).toEqual(
      expect.arrayContaining([
        `forked ${books.url}/log/checkpoint`,
        'served_checkpoint_unrecorded checkpoint',
        'served_root 300 entries',
        'tile_differs tile/0/000',
      ]),
    );
  });

  it('with a flipped bit in the checkpoint is not what the log has signed', async () => {
    books.log.served.set('checkpoint', books.log.note.replace(/\n300\n/, '\n301\n'));
    const { report } = await books.audit();
    expect(report.findings).toEqual([
      {
        ...{ finding: 'served_checkpoint_refused', at: `${books.url}/log/checkpoint` },
        detail: expect.stringContaining('log_signature_invalid'),
      },
    ]);
  });

  it('without a checkpoint is found', async () => {
    books.log.served.set('checkpoint', null);
    expect((await books.audit()).found).toEqual([`served_checkpoint_missing ${books.url}/log/checkpoint`]);
  });

  it('that nobody serves is told as that, and as nothing else', async () => {
    expect(await books.run('log', 'audit', '--url', 'http://127.0.0.1:9')).toMatchObject({ code: 3, out: '' });
  });
});

describe('the rows that queries read', () => {
  const cases: [string, string, string, string[]][] = [
    [
      'an amount of an entry',
      `UPDATE ledger.entries SET transfers = jsonb_set(transfers, '{1,amountMinor}', '9') WHERE number = 42`,
      `UPDATE ledger.entries SET transfers = jsonb_set(transfers, '{1,amountMinor}', '100') WHERE number = 42`,
      ['entry_row_differs entry 42 transfers/1/amountMinor'],
    ],
    [
      'what an entry is about, its fact, and its reason',
      `UPDATE ledger.entries SET ref = 'other', position = 5, note = 'why' WHERE number = 0`,
      `UPDATE ledger.entries SET ref = 'pay_0', position = 1000, note = NULL WHERE number = 0`,
      ['entry_row_differs entry 0 ref', 'entry_row_differs entry 0 position', 'entry_row_differs entry 0 note'],
    ],
    [
      'that an entry was corrected',
      `UPDATE ledger.entries SET corrected_by = NULL WHERE number = 3`,
      `UPDATE ledger.entries SET corrected_by = '[10]' WHERE number = 3`,
      ['entry_row_differs entry 3 correctedBy/0'],
    ],
    [
      'an entry itself',
      `UPDATE ledger.entries SET number = 1000 WHERE number = 299`,
      `UPDATE ledger.entries SET number = 299 WHERE number = 1000`,
      ['entry_row_missing entry 299', 'entry_row_extra entry 1000'],
    ],
    [
      'a balance',
      `UPDATE ledger.accounts SET posted_minor = posted_minor + 1 WHERE account = 'hub:fees'`,
      `UPDATE ledger.accounts SET posted_minor = posted_minor - 1 WHERE account = 'hub:fees'`,
      ['account_row_differs hub:fees CNY postedMinor'],
    ],
    [
      'a net, a hold, a limit, and a count',
      `UPDATE ledger.accounts SET net_minor = net_minor + 1, held_minor = 0, minimum_balance_minor = NULL, entries = 1 WHERE account = 'platform:A'`,
      `UPDATE ledger.accounts SET net_minor = net_minor - 1, held_minor = 500, minimum_balance_minor = -5000, entries = 299 WHERE account = 'platform:A'`,
      ['heldMinor', 'netMinor', 'minimumBalanceMinor', 'entries'].map((field) => `account_row_differs platform:A CNY ${field}`),
    ],
    [
      'the name of an account',
      `UPDATE ledger.accounts SET account = 'bank:mine' WHERE account = 'bank:icbc'`,
      `UPDATE ledger.accounts SET account = 'bank:icbc' WHERE account = 'bank:mine'`,
      ['account_row_extra bank:mine USD', 'account_row_missing bank:icbc USD'],
    ],
    [
      'that an account is frozen',
      `UPDATE ledger.account_statuses SET status = 'open'`,
      `UPDATE ledger.account_statuses SET status = 'frozen'`,
      ['account_row_differs user:u2:wallet CNY status'],
    ],
    [
      'the revision of an account to one that no journal event has',
      `UPDATE ledger.accounts SET revision = revision + 1000 WHERE account = 'hub:fees'`,
      `UPDATE ledger.accounts SET revision = revision - 1000 WHERE account = 'hub:fees'`,
      ['account_row_differs hub:fees CNY revision'],
    ],
  ];

  it.each(cases)('are found where somebody has changed %s', async (_, tamper, mend, expected) => {
    await books.tamperRows(tamper);
    try {
      const { found, code } = await books.audit();
      expect(found).toEqual(expected);
      expect(code).toBe(1);
    } finally {
      await books.tamperRows(mend);
    }
    expect((await books.audit()).found).toEqual([]);
  });
});

describe('the command', () => {
  it('says in words what differs, all of it', async () => {
    books.log.replaceLeaf(270, Buffer.from('no leaf\u001b[31m'));
    books.log.served.set('tile/0/000', null);
    const { code, out } = await books.run('log', 'audit', '--store-only');
    expect({ code, out }).toMatchObject({ code: 2 });
    const said = await books.run('log', 'audit', '--database', books.databaseUrl);
    expect(said.code).toBe(1);
    expect(said.out).toContain('300 entries in 6 events');
    expect(said.out).toContain('2 things differ:');
    expect(said.out).toContain('tile_missing (1): a tile is not served\n    tile/0/000\n');
    expect(said.out).toContain('leaf_differs (1)');
    expect(said.out).not.toContain('\u001b');
  });

  it('keeps the newest checkpoint for the next time, and only when nothing differs', async () => {
    const file = join(books.dataDir, 'kept.txt');
    books.log.served.set('tile/0/000', null);
    expect((await books.audit('--known', file, '--keep', file)).code).toBe(1);
    expect(existsSync(file)).toBe(false);
    books.log.served.clear();
    expect((await books.audit('--known', file, '--keep', file)).code).toBe(0);
    expect(readFileSync(file, 'utf8')).toBe(books.log.note);
    expect((await books.audit('--known', file)).code).toBe(0);
    expect((await books.audit('--known', join(books.dataDir, 'none.txt'))).code).toBe(2);
  });

  it('finds a log that does not continue what was known', async () => {
    const file = join(books.dataDir, 'fork.txt');
    const fork = new PublishedLog();
    fork.grow(aJournalEvent(0, [purchase(9)]));
    writeFileSync(file, fork.sign());
    const { found } = await books.audit('--known', file);
    expect(found).toEqual([`forked ${books.url}/log/checkpoint`, `forked the checkpoint of ${file}`]);
    writeFileSync(file, 'nonsense');
    expect((await books.audit('--known', file)).found).toEqual([`known_refused the checkpoint of ${file}`]);
  });

  it('believes only the keys that it is given', async () => {
    const other = formatVerifierKey(generateSignerKey(origin, 'ed25519').verifier);
    const { report } = await books.audit('--log', other);
    expect(report.counts).toMatchObject({ served_checkpoint_refused: 1, checkpoint_refused: 5 });
    expect((await books.audit('--log', 'nonsense')).code).toBe(2);
  });

  it('wants witnesses that it knows', async () => {
    const other = formatVerifierKey(generateSignerKey('witness.example/w2', 'cosignature').verifier);
    const { found } = await books.audit('--witness', other, '--quorum', '1');
    expect(found).toEqual(['cosigner_unknown log-main@1', 'cosigners_too_few log-main']);
  });

  it('wants the commitment key', async () => {
    const { code, err } = await books.audit('--data', join(books.dataDir, 'events'));
    expect(code).toBe(2);
    expect(err).toContain('LOG_COMMITMENT_KEY');
  });
});

describe('a hub that goes on meanwhile', () => {
  const keys = { logs: [logIdentity(formatVerifierKey(logKey.verifier))], policy: unwitnessed, witnessUrls: [] };
  /** A store whose newest journal event was another one when the audit began. */
  const upTo = (last: number): HubAuditParts['store'] => ({
    read: books.store.read.bind(books.store),
    readLast: async <E extends DomainEvent>(stream: string) => {
      if (stream !== 'journal-main' || hasBegun) return books.store.readLast<E>(stream);
      hasBegun = true;
      return (await books.store.read<E>(stream, { from: last, limit: 1 }))[0];
    },
  });
  let hasBegun: boolean;

  const audit = async (last: number) => {
    hasBegun = false;
    const findings = new Findings();
    const rows = { source: 'in the database', models: new SqlReadModels(books.sql, 300) };
    const audited = await new HubAudit({
      ...{ store: upTo(last), commitments: commitmentKey(secret), keys, rows, known: [], findings },
      ...{ served: undefined, onProgress: () => undefined },
    }).run();
    return { found: findings.kept.filter(({ finding }) => !finding.startsWith('c')).map(({ finding, at }) => `${finding} ${at}`), audited };
  };

  it('has newer rows than the journal had, each compared with the journal event that it names', async () => {
    const { found, audited } = await audit(3);
    expect(found).toEqual([]);
    expect(audited).toMatchObject({ entries: 261, rows: { entriesCompared: 261, accountsCompared: 11 } });
  });

  it('has a newer row that is wrong: it is found', async () => {
    await books.tamperRows(`UPDATE ledger.accounts SET posted_minor = posted_minor + 1 WHERE account = 'platform:A'`);
    expect((await audit(3)).found).toEqual(['account_row_differs platform:A CNY']);
    await books.tamperRows(`UPDATE ledger.accounts SET posted_minor = posted_minor - 1, revision = 4 WHERE account = 'platform:A'`);
    expect((await audit(3)).found).toContain('account_row_differs platform:A CNY');
    await books.tamperRows(`UPDATE ledger.accounts SET revision = 5 WHERE account = 'platform:A'`);
  });

  it('has rows that stand still behind the journal: it is found, and each that is missing', async () => {
    await books.post([]);
    await books.store.append('journal-main', 'any', [aJournalEvent(300, [purchase(300)])], { commandId: 'unfolded' });
    const { found } = await audit(6);
    expect(found[0]).toMatch(/^read_model_behind position \d+$/);
    expect(found).toContain('entry_row_missing entry 300');
  });
});
