import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { captured, example1, example2, example3, postedFor, refunded, transfer } from '../test/facts.js';
import { TestHub } from '../test/hub.js';
import { Market } from '../test/month.js';

let hub: TestHub;

beforeAll(async () => {
  hub = await TestHub.start();
  for (const name of ['A', 'B']) await hub.registerBankAccount(`platform:${name}`, `acc-${name}`);
}, 180_000);

afterAll(() => hub.stop());

const problem = (code: string) => expect.objectContaining({ code });

describe('a settlement', () => {
  it('of examples 1 to 3 pays who is owed, and tells each payment once', async () => {
    const market = await Market.open(hub, 'USD', { cashMinor: 1_000_000 });
    await hub.payment(example1('one'));
    await hub.payment(example2('two'));
    await hub.payment(example3('three'));
    await hub.payment(
      refunded('one', [
        transfer('platform:A', 'provider:alipay', 400),
        transfer('hub:fees', 'platform:A', 40),
        transfer('hub:fees', 'platform:B', 20),
      ]),
    );
    const settlementId = await market.settle();
    await market.untilMarked(settlementId);

    expect((await market.settlementEvents(settlementId)).map(({ type }) => type)).toEqual([
      'SettlementRequested',
      'SettlementCalculated',
      'SettlementVerified',
      'SettlementApproved',
      'SettlementPaying',
      'SettlementSettled',
      'PaymentSidesSettled',
      'PaymentSidesSettled',
      'PaymentsMarked',
    ]);
    expect(await market.calculation(settlementId)).toMatchObject({
      parties: [
        { party: 'creator:K', netMinor: 1_659, payableMinor: 1_659, action: 'carry', carriedOutMinor: 1_659 },
        { party: 'platform:A', netMinor: 4_550 + 540, payableMinor: 5_090, action: 'pay_out' },
        { party: 'platform:B', netMinor: 1_711 - 30, payableMinor: 1_681, action: 'pay_out' },
      ],
      obligations: [{ debtor: 'platform:B', creditor: 'platform:A', amountMinor: 1_600 }],
      facts: 4,
    });
    expect((await market.lines()).map(({ amountMinor }) => amountMinor)).toEqual([1_000_000, -5_090, -1_681]);
    const side = (party: string, netMinor: number) => ({ party, netMinor });
    expect(await market.told(settlementId)).toEqual([
      { paymentId: 'one', sides: [side('platform:A', 540), side('platform:B', -30)] },
      { paymentId: 'two', sides: [side('platform:A', 600), side('platform:B', 711), side('creator:K', 1_659)] },
      { paymentId: 'three', sides: [side('platform:B', 1_000), side('platform:A', 3_950)] },
    ]);
  });

  it('takes in what the one before it carried, and leaves nothing behind', async () => {
    const market = await Market.open(hub, 'EUR', { cashMinor: 10_000 });
    await market.earns('creator:L', 99);
    await market.untilMarked(await market.settle());
    await hub.registerBankAccount('creator:L', 'acc-L');
    await market.earns('creator:L', 1);
    const settlementId = await market.settle();
    await market.untilMarked(settlementId);
    expect((await market.calculation(settlementId)).parties).toMatchObject([
      { party: 'creator:L', carriedInMinor: 99, netMinor: 1, payableMinor: 100, action: 'pay_out' },
    ]);
    await hub.projected();
    expect(await hub.queries.carriesOf('dnm', 'EUR')).toEqual([]);
  });

  it('is calculated though the log ends with what the projection does not follow', async () => {
    const market = await Market.open(hub, 'AUD', { cashMinor: 10_000 });
    await market.earns('platform:A', 70);
    const settlementId = await market.settle();
    await hub.post();
    await hub.projected();
    await hub.store.append('witness-elsewhere', 'any', [{ type: 'Cosigned' }], { commandId: 'elsewhere' });
    market.restart();
    await market.processes.settlement.advance(settlementId);
    expect((await market.calculation(settlementId)).parties).toMatchObject([{ party: 'platform:A', payableMinor: 70 }]);
  });

  it('of an empty window settles as zero, once a person has approved it', async () => {
    const market = await Market.open(hub, 'CNY', { change: { automaticApprovalUpToMinor: 0 } });
    const settlementId = await market.settle();
    await market.round(settlementId);
    expect(await market.status(settlementId)).toBe('verified');
    await expect(market.processes.commands.approve(settlementId, market.command('self'))).rejects.toEqual(problem('four_eyes'));
    await market.processes.commands.approve(settlementId, market.command('approve', 'operator:boss'));
    await market.untilMarked(settlementId);
    expect(await market.calculation(settlementId)).toMatchObject({ parties: [], facts: 0 });
  });

  it('takes several windows together, and tells a payment once for each of them', async () => {
    const market = await Market.open(hub, 'GBP', { cashMinor: 100_000 });
    const paymentId = await market.earns('platform:A', 700);
    await market.refund(paymentId, [transfer('platform:A', 'provider:alipay', 100)]);
    const first = await market.close();
    await market.refund(paymentId, [transfer('platform:A', 'provider:alipay', 200)]);
    await market.refund(paymentId, [transfer('platform:A', 'provider:alipay', 50)]);
    const second = await market.close();
    await expect(market.processes.commands.request([second], market.command('second'))).rejects.toEqual(
      problem('previous_window_unsettled'),
    );
    const { settlementId } = await market.processes.commands.request([second, first], market.command('both'));
    await market.untilMarked(settlementId);
    expect(await market.told(settlementId)).toEqual([
      { paymentId, sides: [{ party: 'platform:A', netMinor: 600 }] },
      { paymentId, sides: [{ party: 'platform:A', netMinor: -250 }] },
    ]);
    expect((await market.lines()).at(-1)).toMatchObject({ amountMinor: -350 });
  });

  it('is aborted and done again, with the same result', async () => {
    const market = await Market.open(hub, 'JPY', { cashMinor: 10_000, change: { automaticApprovalUpToMinor: 0 } });
    await market.earns('platform:A', 50);
    const carrying = await market.settle();
    await market.round(carrying);
    await market.processes.commands.approve(carrying, market.command('approve', 'operator:boss'));
    await market.untilMarked(carrying);
    await market.earns('platform:A', 500);
    const windowId = await market.close();
    const { commands } = market.processes;
    const ask = async (name: string) => (await commands.request([windowId], market.command(name))).settlementId;

    const aborted = await ask('first');
    await market.round(aborted);
    await expect(ask('meanwhile')).rejects.toEqual(problem('window_claimed'));
    await commands.abort(aborted, 'wrong month', market.command('abort'));
    const redone = await ask('again');
    await market.round(redone);
    expect((await market.calculation(redone)).parties).toEqual((await market.calculation(aborted)).parties);
    expect((await market.calculation(redone)).parties).toMatchObject([{ carriedInMinor: 50, netMinor: 500, payableMinor: 550 }]);

    await commands.approve(redone, market.command('approve', 'operator:boss'));
    await market.round(redone);
    await expect(commands.abort(redone, 'too late', market.command('late'))).rejects.toEqual(problem('settlement_past_abort'));
    await market.untilMarked(redone);
    await expect(commands.abort(redone, 'too late', market.command('later'))).rejects.toEqual(problem('settlement_past_abort'));
  });

  it('goes to one of two who ask for the same window at once; the other is aborted', async () => {
    const market = await Market.open(hub, 'CHF');
    const windowId = await market.close();
    const other = hub.processes().commands;
    const asked = [market.processes.commands.request([windowId], market.command('one')), other.request([windowId], market.command('two'))];
    const outcomes = await Promise.allSettled(asked);
    expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(outcomes.find(({ status }) => status === 'rejected')).toMatchObject({ reason: { code: 'window_claimed' } });
    const won = outcomes.find((outcome) => outcome.status === 'fulfilled')!;
    await market.untilMarked(won.value.settlementId);
  });

  it('is answered again with what it came to, when a command is repeated', async () => {
    const market = await Market.open(hub, 'SEK', { change: { automaticApprovalUpToMinor: 0 } });
    const { commands } = market.processes;
    const [closing, asking, approving] = [market.command('c'), market.command('a'), market.command('p', 'operator:boss')];
    const windowId = 'dnm_SEK_000001';
    const closed = await commands.closeWindow(windowId, closing);
    expect(await commands.closeWindow(windowId, closing)).toEqual(closed);
    await expect(commands.closeWindow(windowId, market.command('other'))).rejects.toEqual(problem('window_not_open'));
    const { settlementId } = await commands.request([windowId], asking);
    await market.round(settlementId);
    await commands.approve(settlementId, approving);
    await market.untilMarked(settlementId);
    expect(await commands.request([windowId], asking)).toMatchObject({ settlementId });
    await expect(commands.approve(settlementId, approving)).resolves.toBeDefined();
    await expect(commands.approve(settlementId, market.command('more', 'operator:eve'))).rejects.toEqual(problem('state_conflict'));
  });

  it.each<[string, string[], string]>([
    ['a window that does not exist', ['dnm_NOK_000009'], 'not_found'],
    ['no window', [], 'invalid'],
    ['windows of two currencies', ['dnm_NOK_000001', 'dnm_USD_000001'], 'invalid'],
    ['an open window', ['dnm_NOK_000001'], 'window_not_closed'],
  ])('is refused for %s', async (name, windowIds, code) => {
    const market = await Market.open(hub, 'NOK');
    await expect(market.processes.commands.request(windowIds, { commandId: `cmd_refused ${name}`, by: 'operator:fin' })).rejects.toEqual(
      problem(code),
    );
  });

  it('waits for the ledger, and stops where its movement differs', async () => {
    const market = await Market.open(hub, 'DKK');
    const split = (minor: number) => captured('differs', [transfer('provider:alipay', 'platform:A', minor)], 'DKK');
    const position = await hub.payment(split(500));
    const settlementId = await market.settle();
    await hub.projected();
    expect(await market.processes.settlement.advance(settlementId)).toBe('calculated');
    await hub.fact('journal-main', postedFor([{ event: split(501), position }], position, 1));
    await hub.projected();
    expect(await market.processes.settlement.advance(settlementId)).toBe('mismatched');
    const differences = [{ party: 'platform:A', netMinor: 500, ledgerMinor: 501, sides: 1, ledgerSides: 1 }];
    expect((await market.settlementEvents(settlementId)).at(-1)).toMatchObject({ type: 'SettlementMismatched', differences });
    await market.processes.commands.abort(settlementId, 'the ledger differs', market.command('abort'));
    await hub.projected();
    expect(await hub.queries.windowsOf(['dnm_DKK_000001'])).toMatchObject([{ state: 'closed', settlementId: null }]);
  });
});

describe('the projection', () => {
  it('rebuilt from the log after all of this equals the live one', async () => {
    await hub.projected();
    expect(await hub.projection.rebuild()).toMatchObject({ equal: true, differences: [] });
  });
});
