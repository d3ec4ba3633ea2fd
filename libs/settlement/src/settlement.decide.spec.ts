import { describe, expect, it } from '@jest/globals';
import type { FxQuoted, PartySettlement, SettlementEvent } from '@tongbao/contracts';
import type { Decision } from '@tongbao/event-store';
import { decideSettlement, type SettlementCommand, type SettlementRefusal } from './settlement.decide.js';
import { settlementFold, type SettlementStatus } from './settlement.js';

const now = '2026-02-01T00:00:00Z';
const settlement = { settlementId: 's1', model: 'dnm', currency: 'USD', windowIds: ['w1', 'w2'] };
const party = (name: string, payableMinor: number, action: PartySettlement['action']): PartySettlement => ({
  party: name,
  carriedInMinor: 0,
  netMinor: payableMinor,
  payableMinor,
  action,
  carriedOutMinor: action === 'carry' ? payableMinor : 0,
  sides: 1,
});
const calculation = {
  cutOff: '70',
  parties: [{ ...party('platform:A', 900, 'pay_out'), payIn: 'EUR' }, party('platform:B', -50, 'collect'), party('creator:K', 7, 'carry')],
  obligations: [{ debtor: 'platform:B', creditor: 'platform:A', amountMinor: 16 }],
  facts: 3,
};
const differences = [{ party: 'platform:A', netMinor: 900, ledgerMinor: 899, sides: 2, ledgerSides: 2 }];
const marked = [{ paymentId: 'pay_1', sides: [{ party: 'platform:A', netMinor: 900 }] }];

const requested: SettlementEvent = { type: 'SettlementRequested', ...settlement, requestedBy: 'operator:fin', requestedAt: now };
const calculated: SettlementEvent = { type: 'SettlementCalculated', ...settlement, ...calculation, calculatedAt: now };
const mismatched: SettlementEvent = { type: 'SettlementMismatched', settlementId: 's1', currency: 'USD', differences };
const verified: SettlementEvent = { type: 'SettlementVerified', settlementId: 's1', currency: 'USD', journalRevision: 4 };
const quote: FxQuoted = {
  type: 'FxQuoted',
  ...{ quoteId: 'fxq_USD_EUR_1', from: 'USD', to: 'EUR', rateUnits: 9, rateScale: 1, by: 'operator:fx', source: 'bank' },
  ...{ quotedAt: now, expiresAt: '2999-01-01T00:00:00.000Z' },
};
/** Who has no rate waits, and whoever approves sees that. */
const looked: SettlementEvent = {
  type: 'FxRatesAwaited',
  ...{ settlementId: 's1', currency: 'USD', awaitedAt: now },
  waiting: [{ party: 'platform:A', payIn: 'EUR', soldMinor: 900, code: 'quote_missing' }],
};
const approved = (by = 'operator:boss'): SettlementEvent => ({
  type: 'SettlementApproved',
  settlementId: 's1',
  currency: 'USD',
  by,
  movedMinor: 950,
});
const comparing: SettlementEvent = { type: 'SettlementComparisonAsked', settlementId: 's1', currency: 'USD', by: 'operator:fin' };
const aborted: SettlementEvent = {
  type: 'SettlementAborted',
  settlementId: 's1',
  model: 'dnm',
  currency: 'USD',
  by: 'operator:fin',
  reason: 'wrong month',
};
const paying: SettlementEvent = { type: 'SettlementPaying', settlementId: 's1', currency: 'USD' };
const settled: SettlementEvent = {
  type: 'SettlementSettled',
  ...settlement,
  parties: calculation.parties.map(({ party, netMinor }) => ({ party, netMinor })),
  settledAt: now,
};
const slice = (throughPosition: string): SettlementEvent => ({
  type: 'PaymentSidesSettled',
  settlementId: 's1',
  windowId: 'w1',
  throughPosition,
  payments: marked,
});
const finished: SettlementEvent = { type: 'PaymentsMarked', settlementId: 's1', payments: 1 };

const histories: Record<'none' | SettlementStatus, SettlementEvent[]> = {
  none: [],
  requested: [requested],
  calculated: [requested, calculated],
  mismatched: [requested, calculated, mismatched],
  verified: [requested, calculated, verified, looked],
  approved: [requested, calculated, verified, looked, approved()],
  paying: [requested, calculated, verified, looked, approved(), paying],
  settled: [requested, calculated, verified, looked, approved(), paying, settled, slice('10')],
  marked: [requested, calculated, verified, looked, approved(), paying, settled, slice('10'), finished],
  aborted: [requested, aborted],
};
const statuses = Object.keys(histories) as (keyof typeof histories)[];

const commands = {
  RequestSettlement: { type: 'RequestSettlement', ...settlement, requestedBy: 'operator:fin', now },
  RecordCalculationSlice: {
    type: 'RecordCalculationSlice',
    slice: 1,
    rows: { parties: [party('creator:K', 7, 'carry')], obligations: [] },
  },
  RecordCalculation: { type: 'RecordCalculation', slices: 0, calculation, now },
  RecordComparison: { type: 'RecordComparison', differences: [], journalRevision: 4 },
  LockRates: { type: 'LockRates', quotes: [quote], now },
  CompareAgain: { type: 'CompareAgain', by: 'operator:fin' },
  ApproveSettlement: { type: 'ApproveSettlement', by: 'operator:boss' },
  ApproveAutomatically: { type: 'ApproveAutomatically', upToMinor: 950 },
  AbortSettlement: { type: 'AbortSettlement', by: 'operator:fin', reason: 'wrong month' },
  StartPaying: { type: 'StartPaying' },
  FinishSettlement: { type: 'FinishSettlement', unfinished: 0, now },
  RecordMarkedSlice: { type: 'RecordMarkedSlice', windowId: 'w1', throughPosition: 20n, payments: marked },
  FinishMarking: { type: 'FinishMarking' },
} satisfies { [T in SettlementCommand['type']]: Extract<SettlementCommand, { type: T }> };

const given = (history: SettlementEvent[]) => ({
  when: (command: SettlementCommand) => ({
    then: (expected: Decision<SettlementEvent, SettlementRefusal>) =>
      expect(decideSettlement(command, history.reduce(settlementFold.evolve, settlementFold.initial))).toEqual(expected),
  }),
});

describe('a settlement', () => {
  it.each<[string, keyof typeof histories, SettlementCommand, SettlementEvent[]]>([
    ['is requested', 'none', commands.RequestSettlement, [requested]],
    ['requested again by the same command is the same settlement', 'paying', commands.RequestSettlement, []],
    ['is calculated', 'requested', commands.RecordCalculation, [calculated]],
    ['is verified when the ledger moved the same', 'calculated', commands.RecordComparison, [verified]],
    ['stops when the ledger moved something else', 'calculated', { ...commands.RecordComparison, differences }, [mismatched]],
    ['is compared again when somebody asks for it', 'mismatched', commands.CompareAgain, [comparing]],
    ['is approved by someone who has seen the amount', 'verified', { ...commands.ApproveSettlement, movedMinor: 950 }, [approved()]],
    ['is approved by someone else', 'verified', commands.ApproveSettlement, [approved()]],
    ['approved again by the same person stays approved', 'approved', commands.ApproveSettlement, []],
    ['is approved automatically up to the limit', 'verified', commands.ApproveAutomatically, [approved('automatic')]],
    ['above the limit waits for a person', 'verified', { type: 'ApproveAutomatically', upToMinor: 949 }, []],
    ['without a limit waits for a person', 'verified', { type: 'ApproveAutomatically', upToMinor: 0 }, []],
    ['starts to pay', 'approved', commands.StartPaying, [paying]],
    ['is settled when no payout is left', 'paying', commands.FinishSettlement, [settled]],
    ['tells its payments slice by slice', 'settled', commands.RecordMarkedSlice, [slice('20')]],
    ['tells no slice twice', 'settled', { ...commands.RecordMarkedSlice, throughPosition: 10n }, []],
    ['ends when all payments are told', 'settled', commands.FinishMarking, [finished]],
    ['aborted again stays aborted', 'aborted', commands.AbortSettlement, []],
  ])('%s', (_, history, command, events) => given(histories[history]).when(command).then({ events }));

  it.each<[string, SettlementEvent[], SettlementCommand, SettlementEvent[]]>([
    ['verified', [comparing], commands.RecordComparison, [verified]],
    ['stopped again', [comparing], { ...commands.RecordComparison, differences }, [mismatched]],
    ['compared a third time', [comparing, mismatched], commands.CompareAgain, [comparing]],
    ['aborted', [comparing], commands.AbortSettlement, [aborted]],
  ])('that was stopped may after that be %s', (_, since, command, events) =>
    given([...histories.mismatched, ...since])
      .when(command)
      .then({ events }),
  );

  it.each<SettlementStatus>(['requested', 'calculated', 'mismatched', 'verified', 'approved'])('is aborted while %s', (status) =>
    given(histories[status])
      .when(commands.AbortSettlement)
      .then({ events: [aborted] }),
  );

  it.each<SettlementStatus>(['paying', 'settled', 'marked'])('refuses with settlement_past_abort: an abort while %s', (status) =>
    given(histories[status]).when(commands.AbortSettlement).then({ refused: 'settlement_past_abort' }),
  );

  it.each(Object.values(commands).filter(({ type }) => type !== 'RequestSettlement'))('refuses with not_found: $type of none', (command) =>
    given([]).when(command).then({ refused: 'not_found' }),
  );

  it.each<[SettlementRefusal, string, keyof typeof histories, SettlementCommand]>([
    ['invalid', 'a request without windows', 'none', { ...commands.RequestSettlement, windowIds: [] }],
    ['idempotency_key_reused', 'another request under the same id', 'requested', { ...commands.RequestSettlement, windowIds: ['w1'] }],
    [
      'idempotency_key_reused',
      'a request of someone else under the same id',
      'requested',
      { ...commands.RequestSettlement, requestedBy: 'operator:eve' },
    ],
    ['four_eyes', 'an approval by who asked', 'verified', { type: 'ApproveSettlement', by: 'operator:fin' }],
    [
      'state_conflict',
      'an approval by who asked, while there is nothing to approve yet',
      'calculated',
      { type: 'ApproveSettlement', by: 'operator:fin' },
    ],
    ['state_conflict', 'an approval by a third, when it is approved', 'approved', { type: 'ApproveSettlement', by: 'operator:eve' }],
    [
      'amount_differs',
      'an approval of another amount, whoever approves',
      'verified',
      { type: 'ApproveSettlement', by: 'operator:fin', movedMinor: 949 },
    ],
    ['state_conflict', 'to be settled while a payout is open', 'paying', { ...commands.FinishSettlement, unfinished: 1 }],
  ])('refuses with %s: %s', (refused, _, history, command) => given(histories[history]).when(command).then({ refused }));

  // Steps that the process runs again after a crash find their work done; whatever else is not allowed is refused and changes nothing.
  const allowed: Record<
    Exclude<keyof typeof commands, 'RequestSettlement' | 'AbortSettlement'>,
    { from: SettlementStatus[]; done: SettlementStatus[] }
  > = {
    RecordCalculationSlice: { from: ['requested'], done: [] },
    RecordCalculation: { from: ['requested'], done: ['calculated', 'mismatched', 'verified', 'approved', 'paying', 'settled', 'marked'] },
    RecordComparison: { from: ['calculated'], done: ['mismatched', 'verified', 'approved', 'paying', 'settled', 'marked'] },
    LockRates: { from: ['verified', 'paying'], done: [] },
    CompareAgain: { from: ['mismatched'], done: [] },
    ApproveSettlement: { from: ['verified'], done: ['approved'] },
    ApproveAutomatically: { from: ['verified'], done: ['approved', 'paying', 'settled', 'marked'] },
    StartPaying: { from: ['approved'], done: ['paying', 'settled', 'marked'] },
    FinishSettlement: { from: ['paying'], done: ['settled', 'marked'] },
    RecordMarkedSlice: { from: ['settled'], done: ['marked'] },
    FinishMarking: { from: ['settled'], done: ['marked'] },
  };
  describe.each(Object.entries(allowed))('%s', (type, { from, done }) => {
    const command = commands[type as keyof typeof allowed];
    it.each(statuses.filter((status) => status !== 'none'))('while %s', (status) => {
      const decision = decideSettlement(command, histories[status].reduce(settlementFold.evolve, settlementFold.initial));
      if (from.includes(status)) expect(decision).toEqual({ events: [expect.anything()] });
      else expect(decision).toEqual(done.includes(status) ? { events: [] } : { refused: 'state_conflict' });
    });
  });
});

describe('a settlement of very many parties', () => {
  const rows = (...parties: PartySettlement[]) => ({ parties, obligations: [] });
  const slice1: SettlementEvent = {
    type: 'SettlementPartiesCalculated',
    ...{ settlementId: 's1', model: 'dnm', currency: 'USD', slice: 1 },
    ...rows(party('creator:K', 7, 'pay_out')),
  };
  const sliceCommand = (number: number): SettlementCommand => ({ ...commands.RecordCalculationSlice, slice: number });
  const last = { ...calculation, ...rows(party('platform:A', 900, 'pay_out')) };
  const ending: SettlementCommand = { ...commands.RecordCalculation, slices: 1, calculation: last };
  const ended: SettlementEvent = { type: 'SettlementCalculated', ...settlement, ...last, calculatedAt: now };

  it('is calculated slice by slice', () => {
    given([requested])
      .when({ ...commands.RecordCalculationSlice, rows: rows(party('creator:K', 7, 'pay_out')) })
      .then({ events: [slice1] });
    given([requested, slice1])
      .when(ending)
      .then({ events: [ended] });
    expect([requested, slice1, ended].reduce(settlementFold.evolve, settlementFold.initial)).toMatchObject({
      status: 'calculated',
      parties: [{ party: 'creator:K' }, { party: 'platform:A' }],
      slices: { count: 1, obligations: 0 },
    });
  });

  it.each<[string, SettlementEvent[], SettlementCommand, Decision<SettlementEvent, SettlementRefusal>]>([
    ['has no slice twice', [requested, slice1], sliceCommand(1), { events: [] }],
    ['has its slices in their order', [requested], sliceCommand(2), { refused: 'state_conflict' }],
    ['does not end while others have written more of it', [requested, slice1], commands.RecordCalculation, { refused: 'state_conflict' }],
    ['does not end while less of it is written', [requested], ending, { refused: 'state_conflict' }],
    ['has no slice once it is aborted', [requested, slice1, aborted], sliceCommand(2), { refused: 'state_conflict' }],
    ['is not ended once it is aborted', [requested, slice1, aborted], ending, { refused: 'state_conflict' }],
    ['is aborted between two slices', [requested, slice1], commands.AbortSettlement, { events: [aborted] }],
    ['is not approved before all of it is calculated', [requested, slice1], commands.ApproveSettlement, { refused: 'state_conflict' }],
  ])('%s', (_, history, command, expected) => given(history).when(command).then(expected));

  const creators = Array.from({ length: 4_000 }, (__, index) => party(`creator:${String(index).padStart(6, '0')}`, index, 'pay_out'));
  const many = [requested, { ...calculated, parties: creators }, verified, approved(), paying];

  it('is settled slice by slice, each party once', () => {
    let state = many.reduce(settlementFold.evolve, settlementFold.initial);
    const said: SettlementEvent[] = [];
    for (let steps = 0; state.status === 'paying' && steps < 10; steps += 1) {
      const decision = decideSettlement(commands.FinishSettlement, state);
      const events = 'events' in decision ? decision.events : [];
      expect(events).toHaveLength(1);
      said.push(...events);
      state = events.reduce(settlementFold.evolve, state);
    }
    expect(said.map(({ type }) => type)).toEqual(['SettlementPartiesSettled', 'SettlementPartiesSettled', 'SettlementSettled']);
    expect(said.flatMap((event) => ('parties' in event ? event.parties : []))).toEqual(
      creators.map(({ party: name, netMinor }) => ({ party: name, netMinor })),
    );
    for (const event of said) expect(JSON.stringify(event).length).toBeLessThan(81_000);
  });

  it('names the first of those that differ, and says how many there are', () => {
    const all = creators.map(({ party: name }) => ({ ...differences[0]!, party: name }));
    given(histories.calculated)
      .when({ ...commands.RecordComparison, differences: all })
      .then({ events: [{ ...mismatched, differences: all.slice(0, 1_000), differing: 4_000 }] });
  });
});

describe('a settlement whose rates nobody has looked at yet', () => {
  it('is not approved: nobody could say at what', () => {
    const state = [requested, calculated, verified].reduce(settlementFold.evolve, settlementFold.initial);
    expect(decideSettlement({ type: 'ApproveSettlement', by: 'operator:boss' }, state)).toEqual({ refused: 'state_conflict' });
  });
});
