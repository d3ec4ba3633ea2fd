import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { ProjectionRunner, type SqlClient } from '@tongbao/read-model';
import { eventually } from '@tongbao/testing';
import { parseVerifierKey, verifyJournalReceipt } from '@tongbao/transparency-log';
import { Databases, LogProcess, logVerifierKey, origin, settingsOf, Store } from '../test/log-hub.js';
import { ledgerProjection } from './ledger.view.js';
import { Receipts, type Insight } from './log.receipts.js';

const log = { origin, key: parseVerifierKey(logVerifierKey) };
const databases = new Databases();
let store: Store;
let sql: SqlClient;
let process: LogProcess;
let books: ProjectionRunner;
let receipts: Receipts;

beforeAll(async () => {
  store = await Store.start();
  sql = await databases.empty();
  process = await LogProcess.start(store, sql);
  books = await ProjectionRunner.start(sql, process.feed, ledgerProjection);
  receipts = new Receipts({ sql, store: store.store, settings: settingsOf(), log: process.log });
  await store.post(700);
  await store.post(1, ' later');
});
afterAll(async () => {
  await books.stop();
  await process.stop();
  await databases.close();
  await store.stop();
});

const posted = async (): Promise<void> => {
  await books.reached(await store.store.head(), 20_000);
};
const signed = async (): Promise<void> => {
  await posted();
  await eventually(
    () => process.log.checkpoints.newest(),
    (newest) => newest?.size === store.entries,
  );
};
const openedTo = async (insight: Insight): Promise<string[]> => {
  const { items } = await receipts.of('pay_400', insight);
  const verified = verifyJournalReceipt(items[0]!.receipt, { log });
  return verified.valid ? verified.openings.map(({ field, value }) => `${field}=${value}`) : [verified.failure];
};

it('has a receipt for each entry of a payment, with what its reader may know', async () => {
  await signed();
  expect(await receipts.of('pay_400', 'all')).toMatchObject({ items: [{ entry: 400, isWitnessed: false, size: 701 }], pending: [] });
  expect(await openedTo('all')).toEqual(['ref=pay_400', 'transfers/1/to=creator:K']);
  expect(await openedTo('business')).toEqual(['ref=pay_400', 'transfers/1/to=creator:K']);
  expect(await openedTo('nothing')).toEqual([]);
});

it('names as pending what no checkpoint covers', async () => {
  await process.log.beforeApplicationShutdown();
  await store.post(1, ' last');
  await posted();
  expect(await receipts.of('pay_701 last', 'all')).toEqual({ items: [], pending: [701] });
});

it('gives none where the tables are not what was signed', async () => {
  await sql.query('UPDATE log.tiles_g1 SET hashes = $1 || substr(hashes, 45) WHERE level = 0 AND index = 1', [
    Buffer.alloc(33).toString('base64'),
  ]);
  await expect(receipts.of('pay_300', 'all')).rejects.toMatchObject({
    name: 'NotAsSigned',
    message: 'entry 300 is not in the tree of 701 that was signed, as the tables have it',
  });
  expect((await receipts.of('pay_1', 'all')).items).toHaveLength(1);
});
