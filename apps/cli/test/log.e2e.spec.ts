import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { generateKey, publicKeyOf, RequestSigner, TongbaoClient, type PrivateKeyJwk } from '@tongbao/client';
import { openPglite } from '@tongbao/read-model';
import { eventually, HubProcess } from '@tongbao/testing';
import {
  formatSignerKey,
  formatVerifierKey,
  generateSignerKey,
  startWitness,
  type RunningWitness,
  type SignerKey,
} from '@tongbao/transparency-log';
import { runCli } from '../src/cli.js';
import { HubClient } from '../src/hub-client.js';
import type { AuditReport } from '../src/log/audit.report.js';
import { StoreFile } from './audited-books.js';

const origin = 'hub.example/log';
const logKey = generateSignerKey(origin, 'ed25519');
const witnessKey = generateSignerKey('witness.example/w1', 'cosignature');
const verifierOf = ({ verifier }: SignerKey): string => formatVerifierKey(verifier);

let folder: string;
let witness: RunningWitness;
let hub: HubProcess;
let env: Record<string, string>;
const platformKey: PrivateKeyJwk = generateKey();

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tongbao-log-'));
  witness = await startWitness({
    ...{ port: 0, name: witnessKey.verifier.name, privateKey: formatSignerKey(witnessKey), dataDir: join(folder, 'witness') },
    logs: [{ origin, verifierKey: verifierOf(logKey) }],
  });
  env = {
    LOG_ORIGIN: origin,
    LOG_SIGNING_KEY: formatSignerKey(logKey),
    LOG_WITNESSES: `${verifierOf(witnessKey)}=${witness.url}`,
    LOG_WITNESS_QUORUM: '1',
  };
  hub = await HubProcess.start({ env });
  await register();
});
afterAll(async () => {
  await hub.stop();
  await witness.stop();
  hub.removeData();
  rmSync(folder, { recursive: true, force: true });
});

async function register(): Promise<void> {
  const ops = operator('ops');
  const rules = [{ from: 'seller', to: 'hub', kind: 'platform-service-fee', basis: 'gross', rateBasisPoints: 1000, refundable: true }];
  await ops.post('/v1/platforms', { body: { platformId: 'A', name: 'Platform A', currencies: ['CNY'], methods: ['alipay'] } });
  await ops.post('/v1/platforms/A/keys', { body: { jwk: publicKeyOf(platformKey) } });
  await ops.post('/v1/agreements', { body: { agreementId: 'market', name: 'market', rules } });
  await ops.close();
}

const operator = (name: string): HubClient => new HubClient(hub.url, { token: hub.token(name) });

/** Captured payments of 10.00 CNY each. @returns their ids */
async function pay(count: number): Promise<string[]> {
  const platform = new TongbaoClient({ url: hub.url, platformId: 'A', key: platformKey });
  const order = () => ({
    ...{ orderId: randomUUID(), payer: { userId: 'u1' }, amountMinor: 1_000, currency: 'CNY', method: { provider: 'alipay' } },
    items: [{ contentId: 'course-1', unitPriceMinor: 1_000, quantity: 1, agreementId: 'market' }],
  });
  const paid = await Promise.all(Array.from({ length: count }, () => platform.createPayment(order(), { waitSeconds: 20 })));
  return paid.map(({ paymentId }) => paymentId);
}

async function run(...words: string[]): Promise<{ code: number; out: string; err: string }> {
  const said = { out: '', err: '' };
  const code = await runCli(['--url', hub.url, '--data', hub.dataDir, '--event-store', hub.eventStoreUrl, ...words], {
    out: (text) => void (said.out += text),
    err: (text) => void (said.err += text),
    isTerminal: false,
  });
  return { code, ...said };
}

async function audit(...words: string[]): Promise<{ code: number; report: AuditReport; found: string[] }> {
  const { code, out, err } = await run('log', 'audit', '--json', ...words);
  if (out === '') throw new Error(`the audit ended with ${code}: ${err}`);
  const report = JSON.parse(out) as AuditReport;
  const found = report.findings.map(({ finding, at, field }) => [finding, at, ...(field === undefined ? [] : [field])].join(' '));
  return { code, report, found };
}

/** Stops the hub, lets somebody work on its data, and starts it again. */
async function behindItsBack(work: (dataDir: string) => Promise<void> | void): Promise<void> {
  await hub.stop();
  const { dataDir } = hub;
  await work(dataDir);
  hub = await HubProcess.start({ dataDir, env });
}

/** So many entries are covered by a checkpoint that the witness has cosigned. */
async function witnessed(entries: number): Promise<void> {
  const size = async (): Promise<number> => {
    const response = await fetch(`${hub.url}/log/witnessed`);
    return response.ok ? Number((await response.text()).split('\n')[1]) : 0;
  };
  await eventually(size, (is) => is >= entries);
}

it('a payment has a receipt that is checked offline, and the whole hub an audit that finds nothing, while it goes on', async () => {
  const [paymentId = ''] = await pay(20);
  const finance = operator('finance');
  const transfers = [{ from: 'hub:suspense', to: 'hub:bank-fees', amountMinor: 5, currency: 'CNY', kind: 'correction' }];
  await finance.post('/v1/ledger/entries', { body: { ref: 'bank-line-1', transfers, corrects: 1, note: 'as the bank says' } });
  await finance.close();
  await witnessed(21);

  const path = `/v1/receipts/${paymentId}`;
  const { host } = new URL(hub.url);
  const headers = new RequestSigner('A', platformKey).sign({ method: 'GET', authority: host, path });
  const receipt = await (await fetch(`${hub.url}${path}`, { headers: { ...headers, accept: 'text/plain' } })).text();
  const file = join(folder, 'receipt.txt');
  writeFileSync(file, receipt);
  const keys = ['--log', verifierOf(logKey), '--witness', verifierOf(witnessKey)];
  const verified = await run('log', 'verify', file, ...keys, '--url', 'http://127.0.0.1:9');
  expect(verified).toMatchObject({ code: 0, err: '', out: expect.stringContaining('The receipt is valid') });
  expect(verified.out).toContain(`about      ${paymentId}`);
  expect(verified.out).toContain('10.00 CNY');
  expect(verified.out).toContain('witness.example/w1 at 2');
  writeFileSync(file, receipt.replace('\nindex ', '\nindex 1'));
  expect((await run('log', 'verify', file, ...keys)).code).toBe(1);

  const paying = pay(30);
  const busy = await audit();
  expect(busy).toMatchObject({ code: 0, found: [] });
  await paying;
  await witnessed(51);
  const kept = join(folder, 'kept.txt');
  const { code, report, found } = await audit(...keys, '--known', kept, '--keep', kept);
  expect({ code, found }).toEqual({ code: 0, found: [] });
  expect(report).toMatchObject({ log: origin, entries: 51, served: { size: 51, leavesCompared: 51 }, rows: { entriesCompared: 51 } });
  expect(report.checkpoints.witnessed).toBeGreaterThan(0);
});

it('rows that were changed in the database are named, each with what it should be', async () => {
  await behindItsBack(async (dataDir) => {
    const sql = await openPglite(join(dataDir, 'read-models'));
    await sql.query(`UPDATE ledger.entries_g1 SET transfers = jsonb_set(transfers, '{0,amountMinor}', '7') WHERE number = 4`);
    await sql.query(`UPDATE ledger.accounts_g1 SET posted_minor = posted_minor - 7 WHERE account = 'hub:fees'`);
    await sql.query(`UPDATE log.tiles_g1 SET hashes = 'AAAA' || substr(hashes, 5) WHERE level = 0 AND index = 0`);
    await sql.query(`UPDATE log.leaves_g1 SET leaves = replace(leaves, ':1000,', ':1,') WHERE first = 0`);
    await sql.close();
  });
  const { code, report, found } = await audit();
  expect(code).toBe(1);
  expect(report.findings).toContainEqual({
    ...{ finding: 'entry_row_differs', at: 'entry 4', field: 'transfers/0/amountMinor', expected: 1000, found: 7 },
  });
  expect(found).toContain('account_row_differs hub:fees CNY postedMinor');
  expect(found).toContain('tile_differs tile/0/000.p/51');
  expect(found).toContain('leaf_differs entry 0 transfers/0/amountMinor');
});

it('a journal that was changed with its checksums is named as that, by what was signed', async () => {
  const whole = join(folder, 'whole.db');
  const file = join(hub.dataDir, 'events', 'events.db');
  await behindItsBack(() => {
    cpSync(file, whole);
    const database = new DatabaseSync(file);
    const store = new StoreFile(database);
    store.rewrite('journal-main', store.revisionWith('journal-main', 'PaymentCaptured'), (data) =>
      data.replace('"amountMinor":100,', '"amountMinor":101,'),
    );
    database.close();
    // The tables are made anew from the log that there is now.
    rmSync(join(hub.dataDir, 'read-models'), { recursive: true });
  });
  const { code, found } = await audit('--known', join(folder, 'kept.txt'));
  expect(code).toBe(1);
  expect(found).toEqual(
    expect.arrayContaining([
      `forked the checkpoint of ${join(folder, 'kept.txt')}`,
      'forked what witness.example/w1 remembers',
      'served_root 51 entries',
    ]),
  );
  await behindItsBack((dataDir) => {
    cpSync(whole, file);
    rmSync(join(dataDir, 'read-models'), { recursive: true });
  });
  expect((await audit()).found).toEqual([]);
});

it('a hub that was set back to an older state is found by what its witness remembers', async () => {
  const older = join(folder, 'older');
  await behindItsBack((dataDir) => cpSync(dataDir, older, { recursive: true }));
  await pay(3);
  await witnessed(54);
  await behindItsBack((dataDir) => {
    rmSync(dataDir, { recursive: true });
    cpSync(older, dataDir, { recursive: true });
  });
  const { code, found } = await audit();
  expect(code).toBe(1);
  expect(found).toEqual([expect.stringMatching(/^rolled_back http:/), 'rolled_back what witness.example/w1 remembers']);
});
