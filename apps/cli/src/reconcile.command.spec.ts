import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { EventStore } from '@tongbao/event-store';
import { startEventStoreServer, type EventStoreServer } from '@tongbao/event-store-server';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runCli } from './cli.js';

let folder: string;
let out: string;
let err: string;
const io = { out: (text: string) => void (out += text), err: (text: string) => void (err += text), isTerminal: false };

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tongbao-cli-'));
  const operators = ['finance', 'approver', 'auditor'].map((role) => ({ name: role, roles: [role], token: `token-of-${role}` }));
  writeFileSync(join(folder, 'operators.json'), JSON.stringify(operators));
  out = err = '';
});
afterEach(() => rmSync(folder, { recursive: true }));

describe('bills generate', () => {
  let server: EventStoreServer;
  let store: EventStore;
  const at = '2026-03-02T04:00:00.000Z';

  beforeEach(async () => {
    server = await startEventStoreServer({ dataDir: ':memory:', clock: () => Date.parse(at) });
    store = EventStore.connect(server.connectionString);
    for (const letter of ['a', 'b', 'c']) {
      const paymentId = `pay_${letter.repeat(32)}`;
      const captured = {
        ...{ type: 'PaymentCaptured', paymentId, platformId: 'A', orderId: letter, attempt: 1, provider: 'alipay', providerRef: letter },
        ...{ amountMinor: 1_000, currency: letter === 'c' ? 'USD' : 'CNY', expectedProviderFeeMinor: 0, capturedAt: at },
        split: [{ from: 'provider:alipay', to: 'platform:A', amountMinor: 1_000, kind: 'purchase', refundable: true }],
      };
      await store.append(`payment-${paymentId}`, 'no_stream', [captured], { commandId: letter });
    }
  });
  afterEach(async () => {
    await Promise.all([store.close(), server.close()]);
  });

  const generate = (...words: string[]) => {
    const made = ['bills', 'generate', '--provider', 'alipay', '--day', '2026-03-02', '--out', join(folder, 'bills')];
    return runCli([...made, ...words, '--event-store', server.connectionString, '--data', folder], io);
  };

  it("makes a provider's bills from the events, and says what is to be found in them", async () => {
    expect(await generate('--currency', 'CNY', '--errors', 'missing=1,extra')).toBe(0);
    expect(readdirSync(join(folder, 'bills')).sort()).toEqual(['alipay-planted-2026-03-02.json', 'alipay-trade-2026-03-02.zip']);
    const planted = JSON.parse(readFileSync(join(folder, 'bills', 'alipay-planted-2026-03-02.json'), 'utf8')) as { kind: string }[];
    expect(planted.map(({ kind }) => kind).sort()).toEqual(['missing_at_provider', 'missing_here']);
    expect(out).toContain('2 movements, 2 breaks to be found');
  });

  it.each<[string, string[], RegExp]>([
    ['an error that there is not', ['--errors', 'wrong=1'], /wrong=1 is none of missing/],
    ['errors that the bill cannot show', ['--currency', 'CNY', '--errors', 'status=1'], /only WeChat Pay's trade bill says a status/],
    ['more errors than movements', ['--currency', 'CNY', '--errors', 'amount=3'], /too few movements/],
    ['a bill that the provider has not', ['--errors', 'amount@fund=1'], /no fund bill/],
    ['a currency that the provider has no bills in', [], /bills of alipay are in CNY/],
    ['a provider of whom nothing is known', ['--provider', 'sandbox'], /nothing is known of bills of sandbox/],
    ['a day that there is not', ['--day', '2026-02-30'], /--day/],
    ['a payout without its currency', ['--provider', 'stripe', '--payout', 'po_1'], /in one currency/],
  ])('exits with 2 for %s', async (_, words, why) => {
    expect(await generate(...words)).toBe(2);
    expect(err).toMatch(why);
  });
});

/** A hub that gives prepared answers by path, one after the other, the last one again and again. */
class PreparedHub {
  readonly asked: {
    method: string | undefined;
    url: string | undefined;
    authorization: string | undefined;
    body: string;
    type: string | undefined;
  }[] = [];
  readonly answers = new Map<string, { status: number; body: unknown }[]>();

  private constructor(private readonly server: Server) {
    server.on('request', (request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const { method, url, headers } = request;
        const body = Buffer.concat(chunks).toString();
        this.asked.push({ method, url, authorization: headers.authorization, body, type: headers['content-type'] });
        const prepared = this.answers.get(`${method ?? ''} ${(url ?? '').split('?')[0] ?? ''}`) ?? [];
        const answer = (prepared.length > 1 ? prepared.shift() : prepared[0]) ?? {
          status: 404,
          body: { code: 'not_found', detail: 'none' },
        };
        response.writeHead(answer.status, { 'content-type': 'application/json' }).end(JSON.stringify(answer.body));
      });
    });
  }

  static async start(): Promise<PreparedHub> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new PreparedHub(server);
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  answer(what: string, ...bodies: unknown[]): void {
    this.answers.set(
      what,
      bodies.map((body) => (body === undefined ? { status: 404, body: { code: 'not_found', detail: '' } } : { status: 200, body })),
    );
  }

  async stop(): Promise<void> {
    this.server.close();
    this.server.closeAllConnections();
    await once(this.server, 'close');
  }
}

describe('reconcile', () => {
  let hub: PreparedHub;
  beforeEach(async () => {
    hub = await PreparedHub.start();
    writeFileSync(join(folder, 'bill.zip'), 'the bill');
  });
  afterEach(() => hub.stop());

  const run = (...words: string[]) => runCli([...words, '--url', hub.url, '--data', folder], io);
  const give = (...words: string[]) =>
    run('reconcile', join(folder, 'bill.zip'), '--provider', 'alipay', '--bill', 'trade', '--day', '2026-03-02', ...words);
  const base = '/v1/reconciliation';
  const report = {
    explained: 0,
    breaks: [{ kind: 'missing_here', found: 1, known: 0 }],
    differences: [
      {
        side: 'trade',
        currency: 'CNY',
        total: { amountMinor: 500 },
        breaks: { amountMinor: 500 },
        carried: { amountMinor: 0 },
        tolerated: { amountMinor: 0 },
      },
    ],
    fees: [{ currency: 'CNY', billed: 1, billedMinor: 6, returned: 0, returnedMinor: 0 }],
  };
  const ended = (found: number) => ({ runId: 'r1', state: 'completed', matched: 3, carried: 0, breaks: { found, known: 0 }, report });

  it('gives a bill, waits until its day is compared, and shows the report', async () => {
    hub.answer(`POST ${base}/bills`, { billId: 'b1', isKnown: false });
    hub.answer(`GET ${base}/bills/b1`, undefined, { status: 'received' }, { status: 'fit', lines: 3 });
    hub.answer(`GET ${base}/terms`, { items: [{ provider: 'alipay', bills: ['trade'] }] });
    hub.answer(`GET ${base}/days/alipay/2026-03-02`, undefined, { runId: 'r1', bills: { trade: 'b1', fund: null } });
    hub.answer(`GET ${base}/runs/r1`, { ...ended(1), state: 'running' }, ended(1));
    expect(await give()).toBe(1);
    expect(hub.asked.find(({ method }) => method === 'POST')).toMatchObject({
      ...{ url: `${base}/bills?provider=alipay&bill=trade&day=2026-03-02`, body: 'the bill', type: 'application/octet-stream' },
      authorization: 'Bearer token-of-finance',
    });
    expect(out).toContain('r1  completed  3 matched');
    expect(out).toMatch(/trade CNY +5\.00 +5\.00/);
  });

  it('exits with 0 when nothing is broken', async () => {
    hub.answer(`GET ${base}/runs/r1`, ended(0));
    expect(await run('reconcile', 'show', 'r1')).toBe(0);
  });

  it('says what is wrong with a bill that cannot be used', async () => {
    hub.answer(`POST ${base}/bills`, { billId: 'b1', isKnown: false });
    hub.answer(`GET ${base}/bills/b1`, {
      billId: 'b1',
      status: 'unfit',
      problemCount: 1,
      problems: [{ code: 'truncated', message: 'it ends too early', line: 7 }],
    });
    expect(await give()).toBe(1);
    expect(out).toMatch(/truncated +7 +it ends too early/);
  });

  it('says which bill a day still waits for', async () => {
    hub.answer(`POST ${base}/bills`, { billId: 'b1', isKnown: false });
    hub.answer(`GET ${base}/bills/b1`, { status: 'fit', lines: 3 });
    hub.answer(`GET ${base}/terms`, { items: [{ provider: 'alipay', bills: ['trade', 'fund'] }] });
    hub.answer(`GET ${base}/days/alipay/2026-03-02`, { runId: null, bills: { trade: 'b1', fund: null } });
    expect(await give()).toBe(0);
    expect(out).toContain('when alipay has given its other bill, too');
  });

  it('lists breaks and lines of our bank', async () => {
    const found = {
      breakId: 'brk_1',
      provider: 'alipay',
      day: '2026-03-02',
      kind: 'missing_here',
      movement: 'payment',
      status: 'open',
      age: 'week',
    };
    hub.answer(`GET ${base}/breaks`, {
      items: [
        {
          ...found,
          currency: 'CNY',
          differenceMinor: 500,
          ourKey: 'k',
          providerRef: null,
          owner: null,
          isProposed: true,
          proposalId: 'prp_1',
        },
      ],
    });
    expect(await run('reconcile', 'breaks', '--age', 'week')).toBe(0);
    expect(out).toMatch(/brk_1 +alipay +2026-03-02 +missing_here +payment +5\.00 CNY +k +week +prp_1/);
    hub.answer(`GET ${base}/bank-lines`, {
      items: [{ bank: 'icbc', lineId: 'l1', amountMinor: 700, currency: 'CNY', reference: 'thanks', age: 'day', proposal: null }],
    });
    expect(await run('reconcile', 'lines')).toBe(0);
    expect(out).toMatch(/icbc +l1 +7\.00 CNY +thanks +day/);
  });

  it('proposes a correction, and approves it as another person', async () => {
    hub.answer(`POST ${base}/breaks/brk_1/correction`, { proposalId: 'prp_1' });
    const transfers = [{ from: 'hub:losses', to: 'provider:alipay', amountMinor: 500 }];
    hub.answer(`GET ${base}/breaks/brk_1`, {
      proposal: { proposalId: 'prp_1', currency: 'CNY', transfers, note: 'never paid', by: 'operator:jo' },
    });
    hub.answer(`POST ${base}/breaks/brk_1/correction/approve`, {});
    const transfer = ['--currency', 'CNY', '--transfer', 'hub:losses,provider:alipay,500', '--note', 'n', '--yes'];
    expect(await run('reconcile', 'correct', 'brk_1', ...transfer)).toBe(0);
    expect(out).toContain('The correction prp_1 of brk_1 waits');
    expect(await run('reconcile', 'proposal', 'brk_1')).toBe(0);
    expect(out).toMatch(/prp_1 by operator:jo: never paid[^]*hub:losses +provider:alipay +5\.00 CNY/);
    expect(await run('reconcile', 'approve', 'brk_1', '--proposal', 'prp_1', '--yes')).toBe(0);
    expect(hub.asked.map(({ authorization }) => authorization)).toEqual(
      ['finance', 'auditor', 'approver'].map((role) => `Bearer token-of-${role}`),
    );
    expect(JSON.parse(hub.asked[2]?.body ?? '')).toEqual({ proposalId: 'prp_1' });
    expect(JSON.parse(hub.asked[0]?.body ?? '')).toEqual({
      ...{ currency: 'CNY', note: 'n', transfers: [{ from: 'hub:losses', to: 'provider:alipay', amountMinor: 500 }] },
    });
  });

  it.each([
    ['reconcile', 'resolve', 'brk_1', '--note', 'n'],
    ['reconcile', 'correct', 'brk_1', '--currency', 'CNY', '--transfer', 'a,b,1', '--note', 'n'],
    ['reconcile', 'approve', 'brk_1', '--proposal', 'prp_1'],
  ])('does nothing without --yes: %s %s', async (...words) => {
    expect(await run(...words)).toBe(2);
    expect(err).toContain('Repeat with --yes');
    expect(hub.asked).toEqual([]);
  });

  it.each([
    ['a file that is not there', ['reconcile', '/does/not/exist', '--provider', 'a', '--bill', 'trade', '--day', '2026-03-02']],
    ['a kind that is none', ['reconcile', 'x', '--provider', 'a', '--bill', 'both', '--day', '2026-03-02']],
    ['a transfer that is none', ['reconcile', 'correct', 'brk_1', '--currency', 'CNY', '--transfer', 'a', '--note', 'n', '--yes']],
  ])('exits with 2 for %s', async (_, words) => {
    expect(existsSync('/does/not/exist')).toBe(false);
    expect(await run(...words)).toBe(2);
  });
});
