import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { crc32 } from 'node:zlib';
import type { CheckpointSigned, CheckpointWitnessed, EntriesPosted, JournalEntry } from '@tongbao/contracts';
import { EventStore, LogFeed } from '@tongbao/event-store';
import { startEventStoreServer, type EventStoreServer } from '@tongbao/event-store-server';
import { ledgerProjection } from '@tongbao/ledger';
import { startPostgres, type PostgresService } from '@tongbao/local-services';
import { openPostgres, ProjectionRunner, type SqlClient } from '@tongbao/read-model';
import {
  bundlePath,
  commitmentKey,
  encodeBundle,
  formatNote,
  formatVerifierKey,
  generateSignerKey,
  leafHash,
  leafOf,
  MemoryTiles,
  MerkleTree,
  numberedEntries,
  parseNote,
  parsePath,
  signCheckpoint,
  signNote,
  type SignerKey,
} from '@tongbao/transparency-log';
import { runCli } from '../src/cli.js';
import type { AuditReport } from '../src/log/audit.report.js';

export const origin = 'hub.example/log';
export const logKey = generateSignerKey(origin, 'ed25519');
export const witnessKey = generateSignerKey('witness.example/w1', 'cosignature');
export const secret = Buffer.alloc(32, 7);
const commitments = commitmentKey(secret);

/** A purchase of 10.00 CNY by a person from platform A. */
export const purchase = (n: number): JournalEntry => ({
  kind: 'PaymentCaptured',
  ref: `pay_${n}`,
  position: String(1_000 + n),
  transfers: [
    { from: `user:u${n % 7}:wallet`, to: 'platform:A', amountMinor: 1_000, currency: 'CNY', kind: 'purchase' },
    { from: 'platform:A', to: 'hub:fees', amountMinor: 100 + (n % 3), currency: 'CNY', kind: 'platform-service-fee' },
  ],
});

export const aJournalEvent = (firstEntry: number, entries: JournalEntry[], more: Partial<EntriesPosted> = {}): EntriesPosted => ({
  type: 'EntriesPosted',
  epoch: 1,
  sourcePosition: String(2_000 + firstEntry + entries.length),
  firstEntry,
  entries,
  ...{ holds: [], limits: [], accounts: [], outcomes: [], alarms: [] },
  postedAt: new Date(Date.parse('2026-01-01T00:00:00Z') + firstEntry * 1_000).toISOString(),
  ...more,
});

/** 300 entries in six events, of every kind that rows are made of. */
export function journalOf300(): EntriesPosted[] {
  const purchases = (from: number, to: number) => Array.from({ length: to - from }, (_, at) => purchase(from + at));
  const correction: JournalEntry = {
    kind: 'PostEntry',
    ref: 'bank-line-1',
    corrects: 3,
    note: 'typed wrongly\nby the bank',
    transfers: [{ from: 'hub:suspense', to: 'bank:icbc', amountMinor: 42, currency: 'USD', kind: 'correction' }],
  };
  return [
    aJournalEvent(0, purchases(0, 10)),
    aJournalEvent(10, [correction, ...purchases(11, 260)], {
      outcomes: [
        { commandId: 'c1', contentHash: 'h', command: 'PostEntry', subject: '10', result: 'accepted', entry: 10, by: 'operator:jo' },
      ],
    }),
    aJournalEvent(260, [], {
      holds: [
        {
          ...{ change: 'placed', holdId: 'h1', currency: 'CNY', purpose: 'payout', ref: 'po_1' },
          reservations: [{ account: 'platform:A', amountMinor: 500 }],
        },
        {
          ...{ change: 'placed', holdId: 'h2', currency: 'CNY', purpose: 'wallet', ref: 'pay_1' },
          reservations: [{ account: 'user:u1:wallet', amountMinor: 70 }],
        },
      ],
      limits: [{ account: 'platform:A', currency: 'CNY', minimumBalanceMinor: -5_000 }],
      accounts: [{ account: 'user:u2:wallet', change: 'frozen' }],
    }),
    aJournalEvent(260, purchases(260, 261), { holds: [{ change: 'voided', holdId: 'h2' }] }),
    aJournalEvent(261, purchases(261, 290), { settled: [{ party: 'platform:A', currency: 'CNY', netMinor: 1_234 }] }),
    aJournalEvent(290, purchases(290, 300)),
  ];
}

/** The log of a journal as its publisher has it, and serves it. */
export class PublishedLog {
  readonly tree = new MerkleTree();
  readonly tiles = new MemoryTiles();
  readonly leaves: Uint8Array[] = [];
  /** What is served in the place of what should be; null for nothing. */
  readonly served = new Map<string, Uint8Array | string | null>();
  note = '';

  grow(event: EntriesPosted): void {
    for (const entry of numberedEntries(event)) {
      const leaf = leafOf(entry, commitments);
      this.leaves.push(leaf);
      this.tree.append(leafHash(leaf));
    }
    for (const tile of this.tree.takeTiles()) this.tiles.put(tile);
  }

  sign(key: SignerKey = logKey): string {
    this.note = signCheckpoint({ origin, size: this.tree.size, root: this.tree.root() }, key);
    return this.note;
  }

  /** What is at a path below the log's prefix. */
  async at(path: string): Promise<Uint8Array | string | null> {
    const instead = this.served.get(path);
    if (instead !== undefined) return instead;
    if (path === 'checkpoint') return this.note;
    if (path === 'keys') {
      const witnesses = [{ name: witnessKey.verifier.name, verifierKey: formatVerifierKey(witnessKey.verifier) }];
      return JSON.stringify({ origin, verifierKey: formatVerifierKey(logKey.verifier), witnesses, quorum: 1 });
    }
    const asked = parsePath(path);
    if (asked.kind === 'tile') return (await this.tiles.get(asked)).subarray(0, asked.width * 32);
    const leaves = this.leaves.slice(asked.index * 256, asked.index * 256 + asked.width);
    return leaves.length === asked.width ? encodeBundle(leaves) : null;
  }

  /** A bundle with another leaf in it. */
  replaceLeaf(entry: number, leaf: Uint8Array): void {
    const index = Math.floor(entry / 256);
    const width = Math.min(256, this.tree.size - index * 256);
    const leaves = this.leaves.slice(index * 256, index * 256 + width).with(entry % 256, leaf);
    this.served.set(bundlePath({ index, width }), encodeBundle(leaves));
  }
}

export function cosigned(note: string, key: SignerKey = witnessKey): string {
  const parsed = parseNote(note);
  return formatNote({ ...parsed, signatures: [...parsed.signatures, signNote(parsed.text, key, 1_767_225_600)] });
}

const rootOf = (log: PublishedLog): string => Buffer.from(log.tree.root()).toString('base64');

export const checkpointSigned = (log: PublishedLog, journalRevision: number, event: EntriesPosted): CheckpointSigned => ({
  type: 'CheckpointSigned',
  ...{ size: log.tree.size, rootHash: rootOf(log), journalRevision, sourcePosition: event.sourcePosition },
  ...{ checkpoint: log.sign(), witnessesNeeded: 1, signedAt: event.postedAt },
});

const checkpointWitnessed = (log: PublishedLog, event: EntriesPosted): CheckpointWitnessed => ({
  type: 'CheckpointWitnessed',
  ...{ size: log.tree.size, checkpoint: cosigned(log.note), cosigners: [witnessKey.verifier.name], witnessedAt: event.postedAt },
});

/**
 * A hub's books in real parts: an event store on a disk, rows of the ledger in a real PostgreSQL, the log over HTTP; and everybody who could tamper
 * with each of them.
 */
export class AuditedBooks {
  readonly log = new PublishedLog();
  #server: EventStoreServer;
  store: EventStore;

  private constructor(
    readonly dataDir: string,
    server: EventStoreServer,
    private readonly postgres: PostgresService,
    readonly sql: SqlClient,
    private readonly http: Server,
  ) {
    this.#server = server;
    this.store = EventStore.connect(server.connectionString);
    http.on('request', (request, response) => {
      const path = (request.url ?? '').replace('/log/', '');
      void this.log.at(path).then(
        (body) => (body === null ? response.writeHead(404).end() : response.end(body)),
        () => response.writeHead(404).end(),
      );
    });
  }

  /** With a journal, its rows, and a checkpoint that is signed and witnessed after each event that has entries. */
  static async open(journal: EntriesPosted[] = journalOf300()): Promise<AuditedBooks> {
    const dataDir = mkdtempSync(join(tmpdir(), 'tongbao-audit-'));
    mkdirSync(join(dataDir, 'events'));
    writeFileSync(join(dataDir, 'secrets.json'), JSON.stringify({ logCommitmentKey: secret.toString('hex') }));
    const server = await startEventStoreServer({ dataDir: join(dataDir, 'events') });
    const postgres = await startPostgres({ dataDir: join(dataDir, 'postgres') });
    const sql = await openPostgres({ url: postgres.url, connections: 3, applicationName: 'spec' });
    const http = createServer().listen(0, '127.0.0.1');
    await once(http, 'listening');
    const books = new AuditedBooks(dataDir, server, postgres, sql, http);
    await books.post(journal);
    return books;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.http.address() as AddressInfo).port}`;
  }

  get databaseUrl(): string {
    return this.postgres.url;
  }

  async post(journal: readonly EntriesPosted[]): Promise<void> {
    const from = (await this.store.readLast('journal-main'))?.revision ?? -1;
    let position = 0n;
    for (const [at, event] of journal.entries()) {
      const revision = from + 1 + at;
      ({ position } = await this.store.append('journal-main', 'any', [event], { commandId: `post ${revision}` }));
      if (event.entries.length === 0) continue;
      this.log.grow(event);
      const said = [checkpointSigned(this.log, revision, event), checkpointWitnessed(this.log, event)];
      await this.store.append('log-main', 'any', said, { commandId: `sign ${revision}` });
    }
    await this.fold(position);
  }

  /** The rows, up to a position. */
  async fold(position: bigint): Promise<void> {
    const feed = new LogFeed(this.store, { categories: ['journal'] });
    await feed.start();
    const runner = await ProjectionRunner.start(this.sql, feed, ledgerProjection);
    await runner.reached(position, 20_000);
    await runner.stop();
    await feed.stop();
  }

  /** `tongbao log audit` as it is typed. */
  async audit(...words: string[]): Promise<{ code: number; report: AuditReport; found: string[]; err: string }> {
    const { code, out, err } = await this.run('log', 'audit', '--json', '--database', this.databaseUrl, ...words);
    const report = (out === '' ? { findings: [] } : JSON.parse(out)) as AuditReport;
    const found = report.findings.map(({ finding, at, field }) => [finding, at, ...(field === undefined ? [] : [field])].join(' '));
    return { code, report, found, err };
  }

  async run(...words: string[]): Promise<{ code: number; out: string; err: string }> {
    const said = { out: '', err: '' };
    const where = ['--url', this.url, '--data', this.dataDir, '--event-store', this.#server.connectionString];
    const code = await runCli([...where, ...words], {
      out: (text) => void (said.out += text),
      err: (text) => void (said.err += text),
      isTerminal: false,
    });
    return { code, ...said };
  }

  /** Works on the file of the event store behind its back; afterwards everything is as it was before. */
  async withTamperedStore<T>(tamper: (file: StoreFile) => void, work: () => Promise<T>): Promise<T> {
    const file = join(this.dataDir, 'events', 'events.db');
    await this.#stopStore();
    copyFileSync(file, `${file}.whole`);
    const database = new DatabaseSync(file);
    tamper(new StoreFile(database));
    database.close();
    await this.#startStore();
    try {
      return await work();
    } finally {
      await this.#stopStore();
      for (const beside of ['-wal', '-shm']) rmSync(`${file}${beside}`, { force: true });
      copyFileSync(`${file}.whole`, file);
      await this.#startStore();
    }
  }

  /** The tables behind the views that queries read. */
  async tamperRows(statement: string): Promise<void> {
    await this.sql.query(statement.replaceAll(/ledger\.(entries|accounts|account_statuses)\b/g, 'ledger.$1_g1'));
  }

  async close(): Promise<void> {
    this.http.close();
    this.http.closeAllConnections();
    await this.sql.close();
    await this.#stopStore();
    await this.postgres.stop();
    rmSync(this.dataDir, { recursive: true, force: true });
  }

  async #stopStore(): Promise<void> {
    await this.store.close();
    await this.#server.close();
  }

  async #startStore(): Promise<void> {
    this.#server = await startEventStoreServer({ dataDir: join(this.dataDir, 'events') });
    this.store = EventStore.connect(this.#server.connectionString);
  }
}

interface EventRecord {
  pos: number;
  rev: number;
  json: number;
  created: number;
  id: Uint8Array;
  data: Uint8Array;
  meta: Uint8Array;
  stream: string;
  type: string;
}

/** The event store's file, in the hands of somebody who knows its format. */
export class StoreFile {
  constructor(readonly database: DatabaseSync) {}

  /** A bit of an event's data, and nothing else. */
  flipBit(stream: string, revision: number): void {
    const { pos, data } = this.#record(stream, revision);
    const changed = Uint8Array.from(data);
    changed[20] = (changed[20] ?? 0) ^ 1;
    this.database.prepare('UPDATE events SET data = ? WHERE pos = ?').run(changed, pos);
  }

  /** An event with other data and the checksum that belongs to it. */
  rewrite(stream: string, revision: number, change: (data: string) => string): void {
    const record = this.#record(stream, revision);
    const text = Buffer.from(record.data).toString();
    const data = Buffer.from(change(text));
    if (data.toString() === text) throw new Error(`nothing of ${stream}@${revision} was changed`);
    this.database.prepare('UPDATE events SET data = ?, crc = ? WHERE pos = ?').run(data, checksumOf({ ...record, data }), record.pos);
  }

  /** The end of a stream, cut off. */
  cut(stream: string, from: number): void {
    const sid = 'SELECT id FROM streams WHERE name = ?';
    this.database.prepare(`DELETE FROM events WHERE sid = (${sid}) AND rev >= ?`).run(stream, from);
    this.database.prepare('UPDATE streams SET last = ? WHERE name = ?').run(from - 1, stream);
  }

  remove(stream: string, revision: number): void {
    this.database.prepare('DELETE FROM events WHERE pos = ?').run(this.#record(stream, revision).pos);
  }

  /** The first event of a stream that has a text in it. */
  revisionWith(stream: string, text: string): number {
    const found = this.database
      .prepare(
        'SELECT rev FROM events WHERE sid = (SELECT id FROM streams WHERE name = ?) AND instr(CAST(data AS TEXT), ?) > 0 ORDER BY rev',
      )
      .get(stream, text);
    return Number(found?.['rev']);
  }

  #record(stream: string, revision: number): EventRecord {
    const record = this.database
      .prepare(
        `SELECT e.pos, e.rev, e.json, e.created, e.id, e.data, e.meta, s.name AS stream, t.name AS type
         FROM events e JOIN streams s ON s.id = e.sid JOIN types t ON t.id = e.type WHERE s.name = ? AND e.rev = ?`,
      )
      .get(stream, revision);
    if (!record) throw new Error(`there is no ${stream}@${revision}`);
    // The select list makes the shape.
    return record as unknown as EventRecord;
  }
}

/** As the event store's format has it: CRC-32 over what an event consists of. */
function checksumOf({ pos, rev, json, created, id, data, meta, stream, type }: EventRecord): number {
  const head = Buffer.alloc(48);
  for (const [at, value] of [pos, rev, created].entries()) head.writeDoubleLE(value, at * 8);
  const lengths = [json, Buffer.byteLength(stream), Buffer.byteLength(type), data.length, meta.length, 0];
  for (const [at, value] of lengths.entries()) head.writeUInt32LE(value, 24 + at * 4);
  return crc32(meta, crc32(data, crc32(Buffer.concat([head, id, Buffer.from(stream), Buffer.from(type)]))));
}
