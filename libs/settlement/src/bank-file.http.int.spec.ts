import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { bookedFor, eventually, readSent, statementFile } from '@tongbao/testing';
import { openApplication } from '../test/application.js';
import { settingsFor } from '../test/file-bank-hub.js';

let hub: Awaited<ReturnType<typeof openApplication>>;
const folder = mkdtempSync(join(tmpdir(), 'tongbao-bank-'));

beforeAll(async () => {
  hub = await openApplication(settingsFor(folder, { serviceLevel: undefined, automaticReleaseUpToMinor: 0, charset: 'utf-8' }));
}, 180_000);

afterAll(async () => {
  await hub.close();
  rmSync(folder, { recursive: true });
});

const files = '/v1/settlement/bank-files';
const runs = '/v1/settlement/payout-runs';
const until = (url: string, text: string) =>
  eventually(
    () => hub.get(url),
    (reply) => reply.text.includes(text),
  );

describe('a hub whose bank takes files', () => {
  it('pays a withdrawal by a run that two people let go, and takes the statement in', async () => {
    const funding = [{ amount: '100.00', direction: 'credit' as const, debtor: 'IE29AIBK93115212345678' }];
    const paidIn = statementFile({ id: '1', sequence: 1, currency: 'USD', openingMinor: 0, lines: funding });
    expect(await hub.upload(files, paidIn)).toMatchObject({ status: 200, body: { outcome: 'proposed' } });
    expect(await hub.upload(files, paidIn)).toMatchObject({ status: 200, body: { outcome: 'proposed' } });
    expect(await hub.upload(files, paidIn, 'approver')).toMatchObject({ status: 200, body: { outcome: 'accepted' } });
    await until('/v1/finance/banks', '"availableMinor":10000');

    const destination = { accountNumber: 'NL91ABNA0417164300', holder: '张三' };
    const asked = await hub.post('/v1/withdrawals', { from: 'fees', amountMinor: 900, currency: 'USD', destination });
    const withdrawalId = String((asked.body as Record<string, unknown>)['withdrawalId']);
    await hub.post(`/v1/withdrawals/${withdrawalId}/approve`, undefined, { token: 'approver' });
    await until(runs, '"instructions":1');
    expect((await hub.post(runs)).status).toBe(201);
    expect((await hub.post(`${runs}/1/release`, undefined, { token: 'finance' })).status).toBe(403);
    expect((await hub.post(`${runs}/1/release`, undefined, { token: 'approver' })).status).toBe(200);
    const { body } = await until(`${runs}/1`, '"status":"written"');
    const [{ messageId, name }] = (body as unknown as { files: [{ messageId: string; name: string }] }).files;
    expect(body).toMatchObject({ closedBy: 'operator:fin', releasedBy: 'operator:boss', instructions: [{ key: withdrawalId }] });
    const download = await hub.get(`/v1/settlement/payout-files/${messageId}`);
    expect(download.headers['content-type']).toBe('application/xml; charset=utf-8');
    expect(readdirSync(join(folder, 'out'))).toEqual([name]);

    const lines = bookedFor(readSent(download.text));
    const statement = statementFile({ id: '2', sequence: 2, currency: 'USD', openingMinor: 10_000, lines });
    expect((await hub.upload(files, statement)).status).toBe(200);
    await until(`${files}?status=proposed`, '"items":[{');
    expect((await hub.upload(files, statement, 'approver')).status).toBe(200);
    await until(`/v1/withdrawals/${withdrawalId}`, '"status":"confirmed"');
    expect((await hub.upload(files, statement)).status).toBe(200);
    expect((await hub.get(`${files}?status=accepted`)).body.items).toHaveLength(2);
  });

  it('says what is wrong with a file, and keeps it in mind', async () => {
    const wrong = statementFile({ id: '3', sequence: 3, currency: 'USD', openingMinor: 1, closingMinor: 2, lines: [] });
    const refused = await hub.upload(files, wrong);
    expect(refused).toMatchObject({ status: 422, body: { code: 'invalid', detail: expect.stringContaining('balances_differ') } });
    const { body } = await until(`${files}?status=rejected`, 'balances_differ');
    const [{ fileId }] = body.items as [{ fileId: string }];
    expect((await hub.post(`${files}/${fileId}/acknowledge`, { note: 'the bank sends another one' })).status).toBe(200);
    await until(`${files}?status=acknowledged`, fileId);
    expect((await hub.upload(files, wrong, 'auditor')).status).toBe(403);
    expect((await hub.upload(files, '')).status).toBe(422);
    expect((await hub.get('/v1/settlement/payout-files/none')).status).toBe(404);
    expect((await hub.get(`${runs}/x`)).status).toBe(422);
  });
});
