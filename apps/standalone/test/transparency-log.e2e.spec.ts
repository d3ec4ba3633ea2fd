import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ensureTools } from '@tongbao/local-services';
import { eventually } from '@tongbao/testing';
import {
  bundlePath,
  bundlesOfGrowth,
  formatSignerKey,
  formatVerifierKey,
  generateSignerKey,
  historyOf,
  leafHash,
  MerkleTree,
  openCheckpoint,
  parseBundle,
  parseVerifierKey,
  startWitness,
  tilePath,
  tilesAt,
  tilesOfGrowth,
  verifyJournalReceipt,
  witnessPolicy,
  type RunningWitness,
} from '@tongbao/transparency-log';
import { expectStatus, orderOf, World } from './world.js';

const run = promisify(execFile);
const origin = 'pay.example.org/log';
const logKey = generateSignerKey(origin, 'ed25519');
const witnessKey = generateSignerKey('witness.example/w1', 'cosignature');
const log = { origin, key: logKey.verifier };
const policy = witnessPolicy([witnessKey.verifier], 1);
const folder = mkdtempSync(join(tmpdir(), 'tongbao-log-e2e-'));
const interop = join(import.meta.dirname, '../../../libs/transparency-log/test/interop');

interface SettlementBody {
  status: string;
  payouts: { status: string }[];
  proof: { entries: number; signed: number; proven: number };
}

let world: World;
let witness: RunningWitness;
let port = 0;

async function startTheWitness(): Promise<void> {
  const logs = [{ origin, verifierKey: formatVerifierKey(logKey.verifier) }];
  const { name } = witnessKey.verifier;
  witness = await startWitness({ port, name, privateKey: formatSignerKey(witnessKey), dataDir: join(folder, 'witness'), logs });
  port = witness.port;
}

beforeAll(async () => {
  await startTheWitness();
  world = await World.begin({
    LOG_ORIGIN: origin,
    LOG_SIGNING_KEY: formatSignerKey(logKey),
    LOG_WITNESSES: `${witness.verifierKey}=${witness.url}`,
    LOG_WITNESS_QUORUM: '1',
    PAYOUTS_NEED_PROOF: 'true',
  });
}, 120_000);
afterAll(async () => {
  await world.end();
  await witness.stop();
  rmSync(folder, { recursive: true });
});

async function pay(amountMinor = 1_000): Promise<string> {
  const order = orderOf('A', amountMinor, { processorId: 'B' });
  return expectStatus(await world.platform('A').post('/v1/payments', order, { waitSeconds: 10 }), 201).body.paymentId;
}

/** The payment's receipts, once a witnessed checkpoint covers what is posted of it. */
async function receiptsOf(paymentId: string): Promise<[{ entry: number; receipt: string }]> {
  const { body } = await eventually(
    () => world.platform('A').get(`/v1/receipts/${paymentId}`),
    (answer) => answer.status === 200 && answer.body.items.every(({ isWitnessed }: { isWitnessed: boolean }) => isWitnessed),
  );
  expect(body).toMatchObject({ paymentId, pending: [], items: [{ kind: 'PaymentCaptured' }] });
  return body.items;
}

async function fetched(path: string): Promise<{ bytes: Buffer; headers: Headers; status: number }> {
  const response = await fetch(`${world.hub.url}/log/${path}`);
  return { status: response.status, headers: response.headers, bytes: Buffer.from(await response.arrayBuffer()) };
}

const checkpoint = async () => {
  const { bytes } = await fetched('witnessed');
  return { text: bytes.toString(), ...openCheckpoint(bytes, log, policy.witnesses) };
};

describe('a payment', () => {
  it('is in a checkpoint, and has a receipt that is verified with nothing but the keys', async () => {
    const paymentId = await pay();
    const [{ entry, receipt }] = await receiptsOf(paymentId);
    const verified = verifyJournalReceipt(receipt, { log, policy });
    expect(verified).toMatchObject({ valid: true, index: entry, leaf: { kind: 'PaymentCaptured' } });
    if (!verified.valid) throw new Error(verified.detail);
    expect(verified.openings).toContainEqual(expect.objectContaining({ field: 'ref', value: paymentId }));
    expect(JSON.stringify(verified.leaf)).not.toContain(paymentId);
    expect(verifyJournalReceipt(receipt.replace('index ', 'index 1'), { log, policy }).valid).toBe(false);
  });

  it('has it as a file, too', async () => {
    const paymentId = await pay();
    const [{ entry, receipt }] = await receiptsOf(paymentId);
    const auditor = world.operator('auditor');
    const file = await auditor.send('GET', `/v1/receipts/${paymentId}?entry=${entry}`, undefined, {
      headers: { accept: 'text/plain' },
      key: null,
    });
    expect([file.status, file.headers.get('content-type')]).toEqual([200, 'text/plain; charset=utf-8']);
    expect(file.headers.get('content-disposition')).toBe(`attachment; filename="${paymentId}-${entry}.tlog-proof"`);
    expect(verifyJournalReceipt(String(file.body), { log, policy }).valid).toBe(true);
    expect(String(file.body).length).toBeGreaterThan(receipt.length / 2);
  });

  it('shows its receipt to who may see it, and what is hidden in it to who may know that', async () => {
    const paymentId = await pay();
    await receiptsOf(paymentId);
    const path = `/v1/receipts/${paymentId}`;
    const opened = async (who: string) => {
      const { body } = expectStatus(await world.operator(who).get(path), 200);
      const verified = verifyJournalReceipt(body.items[0].receipt, { log, policy });
      return verified.valid ? verified.openings.map(({ field }) => field) : verified;
    };
    expect(await opened('auditor')).toContain('ref');
    expect(await opened('finance')).toContain('ref');
    expect(await opened('ops')).toEqual([]);
    expect((await world.platform('B').get(path)).status).toBe(404);
    expect((await world.anonymous.get(path)).status).toBe(401);
    expect((await world.operator('auditor').get('/v1/receipts/pay_none')).body.code).toBe('not_found');
    expect((await world.operator('auditor').get(`${path}?entry=999999`)).body.code).toBe('entry_not_found');
  });
});

describe('the log', () => {
  it('is served for everybody, and is what its checkpoints say', async () => {
    const older = (await checkpoint()).checkpoint;
    await receiptsOf(await pay());
    const { checkpoint: newer, cosignatures } = await checkpoint();
    expect(newer.size).toBeGreaterThan(older.size);
    expect(cosignatures).toHaveLength(1);
    expect(await historyOf(older, newer, tilesAt(`${world.hub.url}/log`))).toBe('continued');
    const tree = new MerkleTree();
    for (const id of bundlesOfGrowth(0, newer.size))
      for (const leaf of parseBundle(id, (await fetched(bundlePath(id))).bytes)) tree.append(leafHash(leaf));
    expect(Buffer.from(tree.root())).toEqual(Buffer.from(newer.root));
  });

  it('says its keys, with types and ages that let it be cached', async () => {
    const keys = JSON.parse((await fetched('keys')).bytes.toString());
    expect(keys).toEqual({
      origin,
      verifierKey: formatVerifierKey(logKey.verifier),
      witnesses: [{ name: 'witness.example/w1', verifierKey: witness.verifierKey, url: witness.url }],
      quorum: 1,
    });
    expect(parseVerifierKey(keys.verifierKey).name).toBe(origin);
    const headersOf = async (path: string) => {
      const { status, headers } = await fetched(path);
      return [status, headers.get('content-type'), headers.get('cache-control')];
    };
    expect(await headersOf('checkpoint')).toEqual([200, 'text/plain; charset=utf-8', 'public, max-age=1']);
    expect(await headersOf('tile/0/000.p/1')).toEqual([200, 'application/octet-stream', 'public, max-age=3600']);
    expect(await headersOf('tile/entries/000.p/1')).toEqual([200, 'application/octet-stream', 'public, max-age=3600']);
    for (const path of ['tile/0/000.p/255', 'tile/7/000', 'tile/0/0', 'tile/0/x000/000', 'tile/entries/001'])
      expect([path, (await fetched(path)).status]).toEqual([path, 404]);
  });

  it("is verified by Go's own packages, with its receipts", async () => {
    await ensureTools(['go']);
    const env = { ...process.env, GOFLAGS: '-mod=mod -buildvcs=false', GOTOOLCHAIN: 'local' };
    await run('go', ['build', '-o', join(folder, 'interop'), '.'], { cwd: interop, env });
    const served = join(folder, 'served');
    const write = (name: string, data: string | Uint8Array): void => {
      mkdirSync(dirname(join(served, name)), { recursive: true });
      writeFileSync(join(served, name), data);
    };
    write('older', (await checkpoint()).text);
    const [{ entry, receipt }] = await receiptsOf(await pay());
    const { text, checkpoint: now } = await checkpoint();
    write('log.key', formatVerifierKey(logKey.verifier));
    write('witness.key', witness.verifierKey);
    write('checkpoint', text);
    write('receipt', receipt);
    for (const id of tilesOfGrowth(0, now.size)) write(tilePath(id), (await fetched(tilePath(id))).bytes);
    for (const id of bundlesOfGrowth(0, now.size)) {
      const { bytes } = await fetched(bundlePath(id));
      write(bundlePath(id), bytes);
      const leaf = parseBundle(id, bytes)[entry - id.index * 256];
      if (leaf) write('leaf', leaf);
    }
    const { stdout } = await run(join(folder, 'interop'), [served]);
    expect(stdout).toBe('verified\n');
  }, 180_000);
});

describe('with PAYOUTS_NEED_PROOF', () => {
  it('payouts wait while the witness is down, and go on when it is back; signing goes on all the time', async () => {
    await witness.stop();
    await pay();
    const signed = async () => openCheckpoint((await fetched('checkpoint')).bytes, log).checkpoint.size;
    const before = (await checkpoint()).checkpoint.size;
    await eventually(signed, (size) => size > before);
    const finance = world.operator('finance');
    expectStatus(await finance.post('/v1/settlement/windows/dnm_CNY_000001/close'), 200);
    const { settlementId } = expectStatus(await finance.post('/v1/settlement/settlements', { windowIds: ['dnm_CNY_000001'] }), 201).body;
    const path = `/v1/settlement/settlements/${settlementId}`;
    const becomes = (holds: (body: SettlementBody) => boolean) =>
      eventually<SettlementBody>(async () => (await finance.get(path)).body, holds, 30_000);
    await becomes(({ status }) => status === 'verified');
    expectStatus(await world.operator('approver').post(`${path}/approve`), 200);
    for (const provider of ['alipay', 'wechatpay', 'stripe'])
      expectStatus(await world.operator('ops').post(`/v1/sandbox/providers/${provider}/pay-out`, { currency: 'CNY' }), 200);
    const waiting = await becomes(({ payouts }) => payouts.some(({ status }) => status === 'awaiting_proof'));
    expect(waiting.proof.proven).toBeLessThan(waiting.proof.entries);
    const health = await (await fetch(`${world.hub.url}/health/ready`)).json();
    expect(health).toMatchObject({
      status: 'ok',
      notices: expect.arrayContaining([
        expect.objectContaining({ name: 'payouts', notice: expect.stringContaining('1 payouts wait for a checkpoint') }),
        expect.objectContaining({ name: 'transparency-log', notice: expect.stringContaining('witness.example/w1 does not cosign') }),
      ]),
    });
    await startTheWitness();
    const settled = await becomes(({ status }) => status === 'settled');
    expect(settled.proof.proven).toBeGreaterThanOrEqual(settled.proof.entries);
  }, 120_000);
});
