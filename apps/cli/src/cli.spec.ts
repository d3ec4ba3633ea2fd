import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runCli } from './cli.js';

interface Asked {
  method: string | undefined;
  url: string | undefined;
  authorization: string | undefined;
  idempotencyKey: string | string[] | undefined;
  body: string;
}

/** A hub that gives prepared answers and remembers what it was asked. */
class PreparedHub {
  readonly asked: Asked[] = [];
  answers: { status: number; body: unknown }[] = [];

  private constructor(private readonly server: Server) {
    server.on('request', (request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const { method, url, headers } = request;
        this.asked.push({
          method,
          url,
          authorization: headers.authorization,
          idempotencyKey: headers['idempotency-key'],
          body: Buffer.concat(chunks).toString(),
        });
        const answer = this.answers.shift() ?? { status: 500, body: {} };
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

  async stop(): Promise<void> {
    this.server.close();
    this.server.closeAllConnections();
    await once(this.server, 'close');
  }
}

describe('the command line', () => {
  let hub: PreparedHub;
  let dataDir: string;
  let out: string;
  let err: string;

  beforeEach(async () => {
    hub = await PreparedHub.start();
    dataDir = mkdtempSync(join(tmpdir(), 'tongbao-cli-'));
    const operators = ['ops', 'finance', 'approver', 'auditor'].map((role) => ({ name: role, roles: [role], token: `token-of-${role}` }));
    writeFileSync(join(dataDir, 'operators.json'), JSON.stringify(operators));
    out = err = '';
  });
  afterEach(async () => {
    await hub.stop();
    rmSync(dataDir, { recursive: true });
  });

  const io = { out: (text: string) => void (out += text), err: (text: string) => void (err += text), isTerminal: false };
  const run = (...words: string[]) => runCli([...words, '--url', hub.url, '--data', dataDir], io);
  const equal = {
    name: 'ledger',
    position: '9',
    head: '9',
    job: { kind: 'rebuild', state: 'done', report: { generation: 2, events: 10, seconds: 1, equal: true, differences: [] } },
  };

  it('asks as the operator whose role the command needs', async () => {
    hub.answers = [{ status: 200, body: { items: [] } }];
    expect(await run('projections', 'list')).toBe(0);
    expect(hub.asked).toMatchObject([{ method: 'GET', url: '/v1/projections', authorization: 'Bearer token-of-auditor' }]);
  });

  it('sends an idempotency key with every POST', async () => {
    hub.answers = [
      { status: 202, body: {} },
      { status: 200, body: equal },
    ];
    expect(await run('projections', 'rebuild', 'ledger')).toBe(0);
    expect(hub.asked[0]).toMatchObject({ method: 'POST', url: '/v1/projections/ledger/rebuild', authorization: 'Bearer token-of-ops' });
    expect(hub.asked[0]?.idempotencyKey).toMatch(/^[\x21-\x7e]+$/);
    expect(out).toContain('equal to the live rows');
  });

  it('exits with 1 when a rebuilt projection differs', async () => {
    const differences = [{ table: 'accounts', liveRows: 3, rebuiltRows: 3, onlyLive: { count: 1 }, onlyRebuilt: { count: 1 } }];
    hub.answers = [
      { status: 202, body: {} },
      { status: 200, body: { ...equal, job: { ...equal.job, report: { ...equal.job.report, equal: false, differences } } } },
    ];
    expect(await run('projections', 'compare', 'ledger')).toBe(1);
    expect(out).toContain('NOT equal');
  });

  it('stops a build, goes on with it, and drops it when it is told to twice', async () => {
    const rebuilding = { reason: 'rebuild', generation: 2, position: '4', stopped: true };
    const stopped = { name: 'ledger', position: '9', head: '9', generation: 1, state: 'running', rebuilding };
    hub.answers = [{ status: 200, body: stopped }];
    expect(await run('projections', 'stop', 'ledger')).toBe(0);
    expect(out).toContain('stopped at position 4 of 9');
    hub.answers = [
      { status: 200, body: stopped },
      { status: 202, body: {} },
      { status: 200, body: equal },
    ];
    expect(await run('projections', 'resume', 'ledger')).toBe(0);
    expect(hub.asked.at(-2)).toMatchObject({ method: 'POST', url: '/v1/projections/ledger/resume' });
    expect(await run('projections', 'drop', 'ledger')).toBe(2);
    hub.answers = [{ status: 200, body: { ...stopped, rebuilding: undefined } }];
    expect(await run('projections', 'drop', 'ledger', '--yes')).toBe(0);
    expect(hub.asked.at(-1)).toMatchObject({ method: 'POST', url: '/v1/projections/ledger/drop' });
  });

  it('replaces live rows that are wrong only when it is told to twice', async () => {
    expect(await run('projections', 'rebuild', 'ledger', '--force')).toBe(2);
    const differences = [{ table: 'accounts', liveRows: 3, rebuiltRows: 3, onlyLive: { count: 1 }, onlyRebuilt: { count: 1 } }];
    hub.answers = [
      { status: 202, body: {} },
      { status: 200, body: { ...equal, job: { ...equal.job, report: { ...equal.job.report, equal: false, differences } } } },
    ];
    expect(await run('projections', 'rebuild', 'ledger', '--force', '--yes')).toBe(0);
    expect(out).toContain('NOT equal, queries now read generation 2');
  });

  it('says that a build was stopped by somebody else', async () => {
    hub.answers = [
      { status: 202, body: {} },
      { status: 200, body: { ...equal, job: { kind: 'rebuild', state: 'stopped' } } },
    ];
    expect(await run('projections', 'rebuild', 'ledger')).toBe(1);
    expect(err).toContain('was stopped');
  });

  it('prints JSON when it is asked to', async () => {
    hub.answers = [{ status: 200, body: { items: [{ name: 'ledger', version: 1, position: '5', head: '5', state: 'running' }] } }];
    await run('projections', 'list', '--json');
    expect(JSON.parse(out)).toEqual([{ name: 'ledger', version: 1, position: '5', head: '5', state: 'running' }]);
  });

  it("shows the hub's refusal as code, field and detail, and exits with 1", async () => {
    hub.answers = [{ status: 422, body: { code: 'invalid', field: 'limit', detail: 'limit must be an integer from 1 to 500.' } }];
    expect(await run('projections', 'list')).toBe(1);
    expect(err).toBe('invalid (limit): limit must be an integer from 1 to 500.\n');
  });

  it('shows a refusal as JSON when it is asked to', async () => {
    hub.answers = [{ status: 404, body: { code: 'not_found', detail: 'There is no projection x.' } }];
    expect(await run('projections', 'compare', 'x', '--json')).toBe(1);
    expect(JSON.parse(err)).toEqual({ problem: { code: 'not_found', detail: 'There is no projection x.' } });
  });

  it('exits with 3 when nobody answers', async () => {
    const nobody = await PreparedHub.start();
    const { url } = nobody;
    await nobody.stop();
    expect(await runCli(['projections', 'list', '--url', url, '--data', dataDir], io)).toBe(3);
    expect(err).toContain(`no hub answers at ${url}`);
  });

  it.each([
    ['an unknown command', ['fly']],
    ['an unknown option', ['projections', 'list', '--fast']],
    ['a missing argument', ['projections', 'rebuild']],
    ['a number that is none', ['events', 'show', 'x', '--limit', 'many']],
    ['a payment that is named by nothing', ['payments', 'show', 'x']],
    ['a dead letter that is not named', ['dead-letters', 'release', 'ledger', '--yes']],
  ])('exits with 2 for %s', async (_, words) => {
    expect(await run(...words)).toBe(2);
    expect(err).not.toBe('');
    expect(hub.asked).toEqual([]);
  });

  it('names the data folder when the tokens are not there', async () => {
    expect(await runCli(['projections', 'list', '--url', hub.url, '--data', join(dataDir, 'elsewhere')], io)).toBe(2);
    expect(err).toContain('--data');
  });

  it.each([
    ['dead-letters', 'release', 'ledger', '--topic', 't', '--key', 'k'],
    ['dead-letters', 'discard', 'ledger', 'd1', '--reason', 'old'],
    ['windows', 'close', 'dnm_USD_000001'],
    ['settlements', 'approve', 'stl_1'],
    ['settlements', 'abort', 'stl_1', '--reason', 'wrong'],
  ])('does nothing without --yes: %s %s', async (...words) => {
    expect(await run(...words)).toBe(2);
    expect(err).toContain('Repeat with --yes');
    expect(hub.asked).toEqual([]);
  });

  it('explains itself, its exit codes included', async () => {
    expect(await run('--help')).toBe(0);
    for (const word of [
      'demo',
      'bench',
      'events',
      'projections',
      'payments',
      'dead-letters',
      'doctor',
      'windows',
      'settlements',
      'Exit codes',
    ])
      expect(out).toContain(word);
  });
});
