import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { BankLineMatch, BankLineRecorded, DepositEvent, PositionEvent, WithdrawalEvent } from '@tongbao/contracts';
import { automaticWithdrawalMinor } from '../test/bank-processes.js';
import { TestHub, type Processes } from '../test/hub.js';
import { lineStream } from './line-claim.js';
import { depositIdOf } from './liquidity.js';
import { PayoutQueries } from './payout.queries.js';
import { PayoutViews } from './payout.view.js';

let hub: TestHub;
let processes: Processes;
let commands = 0;

beforeAll(async () => {
  hub = await TestHub.start();
  processes = hub.processes();
  for (const name of ['A', 'B']) await hub.registerBankAccount(`platform:${name}`, `acc-${name}`);
  hub.bank.depositFromProvider('alipay', 1_000_000, 'USD');
  await processes.statement.poll();
}, 180_000);

afterAll(() => hub.stop());

const asked = (by: string) => ({ commandId: `cmd_${String((commands += 1)).padStart(20, '0')}`, by });
const problem = (code: string) => expect.objectContaining({ code });
const wallet = (mood = 'accepts', amountMinor = 900) => ({
  account: 'user:u1:wallet',
  amountMinor,
  currency: 'USD',
  destination: { accountNumber: `6222-${commands}#${mood}`, holder: 'U One' },
});
const liquidity = (party = 'platform:A') => ({ account: `liquidity:${party}`, amountMinor: 900, currency: 'USD' });

async function round(holds: 'placed' | 'refused' = 'placed'): Promise<void> {
  await hub.post();
  await hub.answerHolds(() => holds);
  await hub.projected();
  try {
    await processes.payouts.run(0n);
  } catch (error) {
    if (!(error instanceof Error) || error.name !== 'BankUnavailable') throw error;
  }
  await processes.statement.poll();
  await hub.projected();
}

async function rounds(): Promise<void> {
  for (let count = 0; count < 4; count += 1) await round();
}

const stepsOf = async (withdrawalId: string) =>
  (await hub.store.read<WithdrawalEvent>(`withdrawal-${withdrawalId}`)).map(({ event }) => event.type.replace('Withdrawal', ''));
const linesOf = async (key: string): Promise<[number, BankLineMatch['kind'], string?][]> =>
  (await hub.store.read<BankLineRecorded>('reconciliation-bank_sandbox'))
    .map(({ event }) => event)
    .filter((event) => event.key === key)
    .map(({ amountMinor, match }) => (match.kind === 'unmatched' ? [amountMinor, match.kind, match.reason] : [amountMinor, match.kind]));

describe('a withdrawal', () => {
  it('of a wallet is held, then instructed, then confirmed by its line', async () => {
    const { withdrawalId } = await processes.withdrawals.request(wallet('accepts', automaticWithdrawalMinor), asked('platform:A'));
    await rounds();
    expect(await stepsOf(withdrawalId)).toEqual(['Requested', 'Approved', 'Held', 'Instructed', 'Confirmed']);
    expect(await linesOf(withdrawalId)).toEqual([[-automaticWithdrawalMinor, 'payout']]);
  });

  it('above the limit waits for somebody’s leave', async () => {
    const { withdrawalId } = await processes.withdrawals.request(wallet('accepts', automaticWithdrawalMinor + 1), asked('platform:A'));
    await rounds();
    expect(await stepsOf(withdrawalId)).toEqual(['Requested', 'Held']);
    await processes.withdrawals.approve(withdrawalId, asked('operator:boss'));
    await rounds();
    expect(await stepsOf(withdrawalId)).toEqual(['Requested', 'Held', 'Approved', 'Instructed', 'Confirmed']);
  });

  it('that an operator asks for needs another one’s leave, however small it is', async () => {
    const request = { ...wallet('accepts', 1), account: 'hub:fees' };
    const { withdrawalId } = await processes.withdrawals.request(request, asked('operator:fin'));
    await expect(processes.withdrawals.approve(withdrawalId, asked('operator:fin'))).rejects.toEqual(problem('four_eyes'));
    await processes.withdrawals.approve(withdrawalId, asked('operator:boss'));
    await rounds();
    expect((await stepsOf(withdrawalId)).at(-1)).toBe('Confirmed');
  });

  it('of liquidity goes back to where its party is paid', async () => {
    const { withdrawalId } = await processes.withdrawals.request(liquidity(), asked('platform:A'));
    await processes.withdrawals.approve(withdrawalId, asked('operator:boss'));
    await rounds();
    expect((await stepsOf(withdrawalId)).at(-1)).toBe('Confirmed');
    const line = (await hub.bank.statement(0, 1_000)).find(({ key }) => key === withdrawalId);
    expect(line).toMatchObject({ accountNumber: 'acc-A', amountMinor: -900 });
  });

  it('is one withdrawal, however often the same command comes', async () => {
    const command = asked('platform:A');
    const { withdrawalId } = await processes.withdrawals.request(wallet(), command);
    expect((await processes.withdrawals.request(wallet(), command)).withdrawalId).toBe(withdrawalId);
    await expect(processes.withdrawals.request({ ...wallet(), amountMinor: 901 }, command)).rejects.toEqual(
      problem('idempotency_key_reused'),
    );
    const approval = asked('operator:boss');
    await processes.withdrawals.approve(withdrawalId, approval);
    await rounds();
    await processes.withdrawals.approve(withdrawalId, approval);
    expect(await linesOf(withdrawalId)).toEqual([[-900, 'payout']]);
  });

  it('is cancelled while it is held; what the bank has is not', async () => {
    const { withdrawalId } = await processes.withdrawals.request(wallet(), asked('platform:A'));
    await expect(processes.withdrawals.cancel(withdrawalId, 'x', asked('platform:A'))).rejects.toEqual(problem('state_conflict'));
    await round();
    await expect(processes.withdrawals.cancel(withdrawalId, 'x', asked('platform:B'))).rejects.toEqual(problem('forbidden'));
    await processes.withdrawals.cancel(withdrawalId, 'asked twice', asked('platform:A'));
    await rounds();
    expect(await stepsOf(withdrawalId)).toEqual(['Requested', 'Held', 'Cancelled']);
    expect(await linesOf(withdrawalId)).toEqual([]);

    const small = await processes.withdrawals.request(wallet('never-confirms', 1), asked('platform:A'));
    await rounds();
    await expect(processes.withdrawals.cancel(small.withdrawalId, 'x', asked('platform:A'))).rejects.toEqual(problem('state_conflict'));
  });

  it.each<[mood: string, steps: string[], lines: [number, BankLineMatch['kind'], string?][]]>([
    ['rejects', ['Instructed', 'Failed'], []],
    ['drops-once', ['Instructed', 'Confirmed'], [[-1, 'payout']]],
    ['never-answers', ['Instructed', 'Confirmed'], [[-1, 'payout']]],
    ['never-confirms', ['Instructed'], []],
    [
      'confirms-twice',
      ['Instructed', 'Confirmed', 'LineRefused'],
      [
        [-1, 'payout'],
        [-1, 'unmatched', 'line_repeats'],
      ],
    ],
    ['confirms-another-amount', ['Instructed', 'LineRefused'], [[0, 'unmatched', 'amount_differs']]],
    ['confirms-another-currency', ['Instructed', 'LineRefused'], [[-1, 'unmatched', 'currency_differs']]],
    ['confirms-another-account', ['Instructed', 'LineRefused'], [[-1, 'unmatched', 'account_differs']]],
    [
      'returns',
      ['Instructed', 'Confirmed', 'Returned'],
      [
        [-1, 'payout'],
        [1, 'payout'],
      ],
    ],
  ])('to a bank in the mood %s is confirmed only by a line that equals it', async (mood, steps, lines) => {
    const { withdrawalId } = await processes.withdrawals.request(wallet(mood, 1), asked('platform:A'));
    await rounds();
    expect(await stepsOf(withdrawalId)).toEqual(['Requested', 'Approved', 'Held', ...steps]);
    expect(await linesOf(withdrawalId)).toEqual(lines);
  });

  it('that fails is tried again by finance, under the same key', async () => {
    const { withdrawalId } = await processes.withdrawals.request(wallet('rejects-once', 2), asked('platform:A'));
    await rounds();
    expect((await stepsOf(withdrawalId)).at(-1)).toBe('Failed');
    await processes.withdrawals.retry(withdrawalId, asked('operator:fin'));
    await rounds();
    expect((await stepsOf(withdrawalId)).slice(-4)).toEqual(['Requested', 'Held', 'Instructed', 'Confirmed']);
    expect(await linesOf(withdrawalId)).toEqual([[-2, 'payout']]);
  });

  it('that would leave clients’ money uncovered is refused, and asked again when money has come in', async () => {
    const request = { ...wallet(), account: 'hub:fees', currency: 'CNY' };
    const { withdrawalId } = await processes.withdrawals.request(request, asked('operator:fin'));
    await processes.withdrawals.approve(withdrawalId, asked('operator:boss'));
    for (let count = 0; count < 3; count += 1) await round('refused');
    expect(await stepsOf(withdrawalId)).toEqual(['Requested', 'Approved', 'Refused']);
    hub.bank.depositFromProvider('alipay', 2_000, 'CNY');
    await processes.statement.poll();
    await rounds();
    expect(await stepsOf(withdrawalId)).toEqual(['Requested', 'Approved', 'Refused', 'Requested', 'Held', 'Instructed', 'Confirmed']);
  });

  it('waits for cash, and payouts and withdrawals share it in the order in which they were asked for', async () => {
    hub.bank.depositFromProvider('alipay', 1_000, 'EUR');
    await processes.statement.poll();
    const make = async () =>
      (await processes.withdrawals.request({ ...wallet('accepts', 400), currency: 'EUR' }, asked('platform:A'))).withdrawalId;
    const [first, second, third] = [await make(), await make(), await make()];
    await rounds();
    const last = await Promise.all([first, second, third].map(async (id) => (await stepsOf(id)).at(-1)));
    expect(last).toEqual(['Confirmed', 'Confirmed', 'AwaitingFunds']);
    const cash = await new PayoutQueries(hub.sql).availableCash('sandbox');
    // Of the other currency less what the bank booked there though it was told otherwise.
    expect([cash.get('EUR'), cash.get('CNY')]).toEqual([200n, 1_099n]);
    await processes.withdrawals.cancel(third, 'no longer', asked('platform:A'));
  });

  it.each<[string, string, () => Promise<unknown>]>([
    [
      'forbidden',
      'a platform that sweeps fees',
      () => processes.withdrawals.request({ ...wallet(), account: 'hub:fees' }, asked('platform:A')),
    ],
    [
      'forbidden',
      'a platform that takes another’s liquidity',
      () => processes.withdrawals.request(liquidity('platform:B'), asked('platform:A')),
    ],
    [
      'currency_unsupported',
      'a currency that the hub does not settle',
      () => processes.withdrawals.request({ ...wallet(), currency: 'JPY' }, asked('platform:A')),
    ],
    [
      'invalid',
      'a wallet without a destination',
      () => processes.withdrawals.request({ ...wallet(), destination: undefined }, asked('platform:A')),
    ],
    ['invalid', 'liquidity to somewhere else', () => processes.withdrawals.request({ ...wallet(), ...liquidity() }, asked('platform:A'))],
    [
      'state_conflict',
      'liquidity of a party without an account',
      () => processes.withdrawals.request(liquidity('platform:N'), asked('operator:fin')),
    ],
    ['not_found', 'an approval of nothing', () => processes.withdrawals.approve('wdr_none', asked('operator:boss'))],
    ['not_found', 'a retry of nothing', () => processes.withdrawals.retry('wdr_none', asked('operator:fin'))],
  ])('is refused with %s: %s', async (code, _, ask) => expect(ask()).rejects.toEqual(problem(code)));
});

describe('prefunded money', () => {
  const received = async (party: string) =>
    (await hub.store.read<PositionEvent>(`position-${party}`)).flatMap(({ event }) =>
      event.type === 'LiquidityReceived' ? [event.amountMinor] : [],
    );
  const lastLine = async () => (await hub.store.readLast<BankLineRecorded>('reconciliation-bank_sandbox'))?.event;

  it('that comes from its party’s own account is its liquidity at once', async () => {
    hub.bank.bookIncoming({ amountMinor: 700, currency: 'USD', accountNumber: 'acc-A', reference: 'LIQ platform:A' });
    await processes.statement.poll();
    const line = await lastLine();
    expect(line).toMatchObject({ amountMinor: 700, match: { kind: 'payout', payoutId: depositIdOf(line?.lineId ?? '') } });
    expect(await received('platform:A')).toEqual([700]);
    await processes.statement.poll();
    expect(await received('platform:A')).toEqual([700]);
  });

  it('comes from, and goes back to, where the party is paid in its currency', async () => {
    await hub.registerBankAccount('platform:E', 'acc-E');
    await hub.registerBankAccount('platform:E', 'acc-E-USD', 'USD');
    const bookIncoming = async (accountNumber: string, currency: string) => {
      hub.bank.bookIncoming({ amountMinor: 400, currency, accountNumber, reference: 'LIQ platform:E' });
      await processes.statement.poll();
      return (await lastLine())?.match;
    };
    expect(await bookIncoming('acc-E', 'USD')).toEqual({ kind: 'unmatched', reason: 'deposit_account_differs' });
    expect(await bookIncoming('acc-E', 'EUR')).toMatchObject({ kind: 'payout' });
    expect(await bookIncoming('acc-E-USD', 'USD')).toMatchObject({ kind: 'payout' });
    const destinationOf = async (currency: string) => {
      const request = { account: 'liquidity:platform:E', amountMinor: 100, currency };
      const { withdrawalId } = await processes.withdrawals.request(request, asked('operator:fin'));
      return (await processes.withdrawalOrders.load(withdrawalId))?.instruction.accountNumber;
    };
    expect([await destinationOf('USD'), await destinationOf('EUR')]).toEqual(['acc-E-USD', 'acc-E']);
  });

  it.each([
    ['from another account', 'acc-of-somebody', 'LIQ platform:A', 'deposit_account_differs'],
    ['of a party that nobody knows', 'acc-A', 'LIQ platform:Nobody', 'deposit_party_unknown'],
    ['that names nobody', 'acc-A', 'for our platform', 'unknown_reference'],
  ])('%s waits in suspense, and is assigned under four eyes', async (_, accountNumber, reference, reason) => {
    hub.bank.bookIncoming({ amountMinor: 300, currency: 'USD', accountNumber, reference });
    await processes.statement.poll();
    await hub.projected();
    const { lineId = '', match } = (await lastLine()) ?? {};
    expect(match).toEqual({ kind: 'unmatched', reason });
    const { payoutCommands } = processes;
    const said = { proposalId: 'prp_1', party: 'platform:B', note: 'their letter of today' } as const;
    await payoutCommands.proposeAssignment('sandbox', lineId, said, asked('operator:fin'));
    await expect(payoutCommands.approveAssignment(lineId, 'prp_1', asked('operator:fin'))).rejects.toEqual(problem('four_eyes'));
    await expect(payoutCommands.approveAssignment(lineId, 'prp_2', asked('operator:boss'))).rejects.toEqual(problem('state_conflict'));
    expect(await hub.store.read(lineStream('sandbox', lineId))).toEqual([]);
    await payoutCommands.approveAssignment(lineId, 'prp_1', asked('operator:boss'));
    expect(await hub.store.read(lineStream('sandbox', lineId))).toMatchObject([
      { event: { type: 'BankLineClaimed', proposalId: 'prp_1' } },
    ]);
    const events = await hub.store.read<DepositEvent>(`deposit-${depositIdOf(lineId)}`);
    expect(events.map(({ event }) => [event.type, event.party, event.amountMinor])).toEqual([
      ['LiquidityAssignmentProposed', 'platform:B', 300],
      ['LiquidityAssigned', 'platform:B', 300],
    ]);
    await hub.projected();
    const { items } = await new PayoutViews(hub.sql).lines('sandbox', false, 1, undefined);
    expect(items).toMatchObject([{ lineId, assignment: { party: 'platform:B', status: 'assigned', decidedBy: 'operator:boss' } }]);
  });

  it('is assigned only where a line waits', async () => {
    const { payoutCommands } = processes;
    const matched = (await hub.store.read<BankLineRecorded>('reconciliation-bank_sandbox')).find(
      ({ event }) => event.match.kind === 'provider_payout',
    );
    const propose = (lineId: string, party: `platform:${string}` = 'platform:A') =>
      payoutCommands.proposeAssignment('sandbox', lineId, { proposalId: 'prp_2', party, note: 'their letter' }, asked('operator:fin'));
    await expect(propose('none')).rejects.toEqual(problem('not_found'));
    await expect(propose(matched?.event.lineId ?? '')).rejects.toEqual(problem('state_conflict'));
    await expect(propose((await lastLine())?.lineId ?? '', 'platform:Nobody')).rejects.toEqual(problem('invalid'));
  });
});

describe('the projection', () => {
  it('rebuilt from the log after all of this equals the live one', async () => {
    await hub.projected();
    expect(await hub.projection.rebuild()).toMatchObject({ equal: true, differences: [] });
  });
});
