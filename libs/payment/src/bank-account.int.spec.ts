import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { generateKey, publicKeyOf, type PrivateKeyJwk } from '@tongbao/client';
import { openApplication, type Application } from '../test/application.js';

describe('the bank account of a platform', () => {
  let hub: Application;
  let platforms = 0;
  let id: string;
  let key: PrivateKeyJwk;
  const path = () => `/v1/platforms/${id}/bank-account`;
  const account = (accountNumber: string) => ({ bank: 'icbc', accountNumber, holder: 'P Ltd' });
  const propose = async (accountNumber: string, by = 'finance') => {
    const { status, body } = await hub.ask(by, 'PUT', path(), account(accountNumber), by === id ? key : undefined);
    const { proposalId = '' } = (body['bankAccountProposal'] ?? {}) as { proposalId?: string };
    return { status, body, proposalId };
  };
  const approve = (proposalId: string, by = 'approver') =>
    hub.ask(by, 'POST', `${path()}/approve`, { proposalId, note: 'called the number on the contract' });
  const stop = (proposalId: string, by = 'ops') =>
    hub.ask(by, 'POST', `${path()}/stop`, { proposalId, reason: 'nobody there knows of it' }, by === id ? key : undefined);

  beforeAll(async () => {
    hub = await openApplication();
  }, 180_000);
  beforeEach(async () => {
    id = `P${(platforms += 1)}`;
    key = generateKey();
    await hub.ask('ops', 'POST', '/v1/platforms', { platformId: id, name: id, currencies: ['CNY'], methods: ['alipay'] });
    await hub.ask('ops', 'POST', `/v1/platforms/${id}/keys`, { jwk: publicKeyOf(key) });
  });
  afterAll(() => hub.close());

  it('is proposed by one, approved by another, and in force at once where it is the first', async () => {
    const { status, body, proposalId } = await propose('6222-1');
    expect([status, body]).toEqual([
      200,
      { party: `platform:${id}`, bankAccountProposal: expect.objectContaining({ ...account('6222-1'), proposedBy: 'operator:fin' }) },
    ]);
    expect(await approve(proposalId)).toMatchObject({ status: 200, body: { bankAccount: account('6222-1') } });
    const { body: platform } = await hub.ask('ops', 'GET', `/v1/platforms/${id}`);
    expect(platform).toMatchObject({ bankAccount: account('6222-1') });
    expect(platform).not.toHaveProperty('bankAccountProposal');
  });

  it('changes when the cooling time is over, and not before', async () => {
    await approve((await propose('6222-1')).proposalId);
    const { proposalId } = await propose('6222-2');
    expect(await approve(proposalId)).toMatchObject({
      body: { bankAccount: account('6222-1'), bankAccountChange: { ...account('6222-2'), approvedBy: 'operator:boss' } },
    });
    hub.clock.aheadMs = 24 * 3_600_000;
    try {
      const { body } = await hub.ask('auditor', 'GET', path());
      expect(body).toEqual({ party: `platform:${id}`, bankAccount: account('6222-2') });
      expect(await stop(proposalId)).toMatchObject({ status: 409, body: { code: 'state_conflict' } });
    } finally {
      hub.clock.aheadMs = 0;
    }
  });

  it('is proposed and stopped by the platform itself, too, and by no other platform', async () => {
    await approve((await propose('6222-1')).proposalId);
    const { proposalId, body } = await propose('6222-2', id);
    expect(body).toMatchObject({ bankAccountProposal: { proposedBy: `platform:${id}` } });
    await approve(proposalId);
    const foreign = await hub.ask('A', 'POST', `${path()}/stop`, { proposalId, reason: 'x' });
    expect(foreign).toMatchObject({ status: 403, body: { code: 'forbidden' } });
    expect((await hub.ask('A', 'GET', path())).status).toBe(403);
    expect((await stop(proposalId, id)).status).toBe(200);
    hub.clock.aheadMs = 24 * 3_600_000;
    try {
      expect((await hub.ask('auditor', 'GET', path())).body).toEqual({ party: `platform:${id}`, bankAccount: account('6222-1') });
    } finally {
      hub.clock.aheadMs = 0;
    }
  });

  it('may be of one currency: it is proposed, approved and shown beside the one that serves all others', async () => {
    await approve((await propose('6222-1')).proposalId);
    const dollars = { ...account('3611'), currency: 'USD' };
    const { body } = await hub.ask('finance', 'PUT', path(), dollars);
    const shown = body['bankAccountsByCurrency'] as { USD: { bankAccountProposal: { proposalId: string } } };
    expect(body).toEqual({
      party: `platform:${id}`,
      bankAccount: account('6222-1'),
      bankAccountsByCurrency: { USD: { bankAccountProposal: expect.objectContaining(account('3611')) } },
    });
    const { proposalId } = shown.USD.bankAccountProposal;
    expect(await approve(proposalId)).toMatchObject({
      body: {
        bankAccount: account('6222-1'),
        bankAccountsByCurrency: { USD: { bankAccountChange: { ...account('3611'), approvedBy: 'operator:boss' } } },
      },
    });
    const { body: list } = await hub.ask('approver', 'GET', '/v1/bank-accounts?state=cooling');
    expect((list['items'] as { party: string }[]).map(({ party }) => party)).toContain(`platform:${id}`);
    hub.clock.aheadMs = 24 * 3_600_000;
    try {
      const { body: inForce } = await hub.ask('auditor', 'GET', path());
      expect(inForce).toEqual({
        party: `platform:${id}`,
        bankAccount: account('6222-1'),
        bankAccountsByCurrency: { USD: { bankAccount: account('3611') } },
      });
    } finally {
      hub.clock.aheadMs = 0;
    }
  });

  it('of one currency that was rejected leaves no trace where it is shown', async () => {
    const { body } = await hub.ask('finance', 'PUT', path(), { ...account('3611'), currency: 'USD' });
    const { USD } = body['bankAccountsByCurrency'] as { USD: { bankAccountProposal: { proposalId: string } } };
    const { proposalId } = USD.bankAccountProposal;
    expect((await hub.ask('approver', 'POST', `${path()}/reject`, { proposalId, reason: 'not theirs' })).body).toEqual({
      party: `platform:${id}`,
    });
  });

  it('of one currency is ended by two people, at once', async () => {
    await approve((await propose('6222-1')).proposalId);
    const own = { ...account('3611'), currency: 'USD' };
    type Shown = { USD: Record<string, { proposalId: string }> };
    const proposed = async (method: 'PUT' | 'POST', end: string, body: object, what: string) => {
      const answer = await hub.ask('finance', method, `${path()}${end}`, body);
      return (answer.body['bankAccountsByCurrency'] as Shown).USD[what]!.proposalId;
    };
    await approve(await proposed('PUT', '', own, 'bankAccountProposal'));
    const ending = { currency: 'USD', reason: 'the bank closes it' };
    expect(await hub.ask('finance', 'POST', `${path()}/end`, ending)).toMatchObject({ status: 409, body: { code: 'state_conflict' } });
    hub.clock.aheadMs = 24 * 3_600_000;
    try {
      const proposalId = await proposed('POST', '/end', ending, 'bankAccountEndProposal');
      expect(await approve(proposalId, 'finance')).toMatchObject({ status: 403, body: { code: 'forbidden' } });
      const { body: ended } = await approve(proposalId);
      expect(ended).toEqual({ party: `platform:${id}`, bankAccount: account('6222-1') });
      expect(await hub.ask('finance', 'POST', `${path()}/end`, ending)).toMatchObject({ status: 404, body: { code: 'not_found' } });
    } finally {
      hub.clock.aheadMs = 0;
    }
  });

  it('that waits, or cools, is on the list of whoever must look at it', async () => {
    const listed = async (state: string) => {
      const { body } = await hub.ask('approver', 'GET', `/v1/bank-accounts?state=${state}`);
      return (body['items'] as { party: string }[]).map(({ party }) => party).includes(`platform:${id}`);
    };
    const { proposalId } = await propose('6222-1');
    expect([await listed('proposed'), await listed('cooling')]).toEqual([true, false]);
    await approve(proposalId);
    expect([await listed('proposed'), await listed('cooling')]).toEqual([false, false]);
    await approve((await propose('6222-2')).proposalId);
    expect([await listed('proposed'), await listed('cooling')]).toEqual([false, true]);
  });

  it.each<[string, () => Promise<{ status: number; body: Record<string, unknown> }>, number, string]>([
    ['a second person for the approval', async () => approve((await propose('6222-1', 'approver')).proposalId), 403, 'four_eyes'],
    ['the role of an approver', async () => approve((await propose('6222-1')).proposalId, 'finance'), 403, 'forbidden'],
    ['a platform that exists', () => hub.ask('finance', 'PUT', '/v1/platforms/nobody/bank-account', account('1')), 404, 'not_found'],
    ['the proposal that was seen', async () => (await propose('1'), approve('bap_other')), 404, 'not_found'],
    [
      'a currency that the hub settles',
      () => hub.ask('finance', 'PUT', path(), { ...account('1'), currency: 'CHF' }),
      422,
      'currency_unsupported',
    ],
    ['a currency', () => hub.ask('finance', 'PUT', path(), { ...account('1'), currency: 'usd' }), 422, 'invalid'],
    ['a known state', () => hub.ask('finance', 'GET', '/v1/bank-accounts?state=x'), 422, 'invalid'],
    [
      'a note that says how it was verified',
      async () => hub.ask('approver', 'POST', `${path()}/approve`, { proposalId: (await propose('1')).proposalId, note: 'ok' }),
      422,
      'invalid',
    ],
  ])('needs %s', async (_, ask, status, code) => expect(await ask()).toMatchObject({ status, body: { code } }));
});
