import { describe, expect, it } from '@jest/globals';
import type { PayoutEvent } from '@tongbao/contracts';
import type { Decision } from '@tongbao/event-store';
import { decidePayout, type PayoutCommand, type PayoutRefusal } from './payout.decide.js';
import { payoutFold, type PayoutStatus } from './payout.js';

const now = '2026-02-01T00:00:00Z';
const reference = {
  payoutId: 's1_platform.A',
  settlementId: 's1',
  party: 'platform:A',
  direction: 'payout' as const,
  amountMinor: 900,
  currency: 'USD',
  bank: 'sandbox',
};
const account = { accountNumber: '6222', holder: 'A Ltd' };
const requested = (holdId = 'hold_s1_platform.A'): PayoutEvent => ({
  type: 'PayoutRequested',
  ...reference,
  ...account,
  holdId,
  requestedAt: now,
});
const held: PayoutEvent = { type: 'PayoutHeld', ...reference };
const refused: PayoutEvent = { type: 'PayoutRefused', ...reference, code: 'client_money_not_covered' };
const unproven: PayoutEvent = { type: 'PayoutAwaitingProof', ...reference };
const awaiting: PayoutEvent = { type: 'PayoutAwaitingFunds', ...reference };
const nowhere: PayoutEvent = { type: 'PayoutAwaitingAccount', ...reference };
const instructed = (attempt = 1, holdId = 'hold_s1_platform.A'): PayoutEvent => ({
  type: 'PayoutInstructed',
  ...reference,
  ...account,
  attempt,
  holdId,
});
const confirmed: PayoutEvent = { type: 'PayoutConfirmed', ...reference, lineId: 'l1' };
const failed: PayoutEvent = { type: 'PayoutFailed', ...reference, code: 'account_closed' };
const returned: PayoutEvent = { type: 'PayoutReturned', ...reference, lineId: 'l2' };
const carried = (hold = {}): PayoutEvent => ({ type: 'PayoutCarried', ...reference, model: 'dnm', by: 'operator:fin', ...hold });

const histories: Record<'none' | PayoutStatus, PayoutEvent[]> = {
  none: [],
  requested: [requested()],
  held: [requested(), held],
  refused: [requested(), refused],
  awaiting_proof: [requested(), held, unproven],
  awaiting_funds: [requested(), held, awaiting],
  awaiting_account: [requested(), held, nowhere],
  instructed: [requested(), held, instructed()],
  confirmed: [requested(), held, instructed(), confirmed],
  failed: [requested(), held, instructed(), failed],
  returned: [requested(), held, instructed(), confirmed, returned],
  carried: [requested(), refused, carried()],
};

const line = { lineId: 'l1', amountMinor: -900, currency: 'USD', accountNumber: '6222' };
const back = { ...line, lineId: 'l2', amountMinor: 900 };
const confirm = (change = {}): PayoutCommand => ({ type: 'RecordConfirmation', line: { ...line, ...change } });
const takeBack = (change = {}): PayoutCommand => ({ type: 'RecordReturn', line: { ...back, ...change } });
const placed = (holdId = 'hold_s1_platform.A'): PayoutCommand => ({ type: 'RecordHoldPlaced', holdId });
const holdRefused = (holdId = 'hold_s1_platform.A'): PayoutCommand => ({
  type: 'RecordHoldRefused',
  holdId,
  code: 'client_money_not_covered',
});
const instruct = (availableMinor = 900n, isProven = true): PayoutCommand => ({ type: 'InstructPayout', isProven, availableMinor });
const other = { accountNumber: '6333', holder: 'A Ltd' };
const elsewhere = { ...instructed(), ...other } as PayoutEvent;
const instead = (account: typeof other | null): PayoutCommand => ({
  type: 'InstructPayout',
  isProven: true,
  availableMinor: 900n,
  account,
});
const fail = (attempt = 1): PayoutCommand => ({ type: 'RecordFailure', attempt, code: 'account_closed' });
const again: PayoutCommand = { type: 'AskAgain', account: { accountNumber: '6333', holder: 'A Ltd' }, now };
const carry: PayoutCommand = { type: 'CarryPayout', model: 'dnm', by: 'operator:fin' };
const gaveUp: PayoutEvent = { ...failed, code: 'declared_failed', by: 'operator:boss', note: 'the bank lost the file' };
const declare: PayoutCommand = { type: 'DeclareFailed', by: 'operator:boss', note: 'the bank lost the file' };
const secondHold = 'hold2_s1_platform.A';
const askedAgain: PayoutEvent = { ...requested(secondHold), accountNumber: '6333' } as PayoutEvent;

const lineRefused = (lineId: string): PayoutEvent => ({ type: 'PayoutLineRefused', ...reference, lineId, code: 'not_instructed' });
const noteLine = (lineId: string): PayoutCommand => ({ type: 'RecordRefusedLine', lineId, code: 'not_instructed' });

const given = (history: PayoutEvent[]) => ({
  when: (command: PayoutCommand) => ({
    then: (expected: Decision<PayoutEvent, PayoutRefusal>) =>
      expect(decidePayout(command, history.reduce(payoutFold.evolve, payoutFold.initial))).toEqual(expected),
  }),
});

describe('a payout', () => {
  it.each<[string, PayoutEvent[], PayoutCommand, PayoutEvent[]]>([
    [
      'is requested, with the hold that the ledger is asked for',
      [],
      { type: 'RequestPayout', terms: { ...reference, ...account }, now },
      [requested()],
    ],
    ['requested again is the same payout', histories.confirmed, { type: 'RequestPayout', terms: { ...reference, ...account }, now }, []],
    ['is held', histories.requested, placed(), [held]],
    ['is told of its hold twice', histories.held, placed(), []],
    ['is refused by the ledger', histories.requested, holdRefused(), [refused]],
    ['is told of its refusal twice', histories.refused, holdRefused(), []],
    ['is asked for again under another hold, to the account that is known by now', histories.refused, again, [askedAgain]],
    ['asked for again passes over a late answer to the first ask', [...histories.refused, requested(secondHold)], holdRefused(), []],
    ['asked for again is held', [...histories.refused, requested(secondHold)], placed(secondHold), [held]],
    ['is instructed when there is cash', histories.held, instruct(), [instructed()]],
    ['waits when cash is short of a minor unit', histories.held, instruct(899n), [awaiting]],
    ['that waits goes on waiting', histories.awaiting_funds, instruct(899n), []],
    ['that waited is instructed when there is cash', histories.awaiting_funds, instruct(), [instructed()]],
    ['waits for a proof, whatever cash there is', histories.held, instruct(900n, false), [unproven]],
    ['that waits for a proof goes on waiting', histories.awaiting_proof, instruct(900n, false), []],
    ['that is proven is instructed', histories.awaiting_proof, instruct(), [instructed()]],
    ['that is proven may wait for cash', histories.awaiting_proof, instruct(899n), [awaiting]],
    [
      'is carried while it waits for a proof, and gives the hold up',
      histories.awaiting_proof,
      carry,
      [carried({ holdId: 'hold_s1_platform.A' })],
    ],
    ['whose account has been ended is instructed to the one that serves instead', histories.held, instead(other), [elsewhere]],
    ['whose account has been ended waits where there is no other one', histories.held, instead(null), [nowhere]],
    ['that waits for an account goes on waiting', histories.awaiting_account, instead(null), []],
    ['that waited for an account is instructed when there is one', histories.awaiting_account, instead(other), [elsewhere]],
    [
      'is carried while it waits for an account, and gives the hold up',
      histories.awaiting_account,
      carry,
      [carried({ holdId: 'hold_s1_platform.A' })],
    ],
    [
      'that was instructed elsewhere is confirmed by the line of there',
      [...histories.held, elsewhere],
      confirm({ accountNumber: '6333' }),
      [confirmed],
    ],
    ['instructed again is one instruction', histories.instructed, instruct(), []],
    ['is confirmed by a line that equals it', histories.instructed, confirm(), [confirmed]],
    ['is confirmed by one line, read twice', histories.confirmed, confirm(), []],
    ['fails when the bank says so', histories.instructed, fail(), [failed]],
    ['fails once for an attempt', histories.failed, fail(), []],
    ['that failed is asked for again', histories.failed, again, [askedAgain]],
    [
      'asked for again after a failure is instructed again',
      [...histories.failed, askedAgain, held],
      instruct(),
      [{ ...instructed(2, secondHold), accountNumber: '6333' } as PayoutEvent],
    ],
    ['fails on the word of an operator', histories.instructed, declare, [gaveUp]],
    [
      'that an operator gave up is asked for again by another',
      [...histories.instructed, gaveUp],
      { ...again, by: 'operator:fin' },
      [askedAgain],
    ],
    ['that an operator gave up is carried by another', [...histories.instructed, gaveUp], carry, [carried()]],
    ['is taken back by a line that equals it', histories.confirmed, takeBack(), [returned]],
    ['is taken back by one line, read twice', histories.returned, takeBack(), []],
    ['is carried after a refusal', histories.refused, carry, [carried()]],
    ['is carried while it is held, and gives the hold up', histories.held, carry, [carried({ holdId: 'hold_s1_platform.A' })]],
    [
      'is carried while it waits for cash, and gives the hold up',
      histories.awaiting_funds,
      carry,
      [carried({ holdId: 'hold_s1_platform.A' })],
    ],
    ['is carried after a failure', histories.failed, carry, [carried()]],
    ['is carried after it came back', histories.returned, carry, [carried()]],
    ['carried again is carried once', histories.carried, carry, []],
  ])('%s', (_, history, command, events) => given(history).when(command).then({ events }));

  it.each<[PayoutRefusal, string, keyof typeof histories, PayoutCommand]>([
    ['not_found', 'a hold', 'none', placed()],
    ['not_found', 'an instruction', 'none', instruct()],
    ['not_found', 'another ask', 'none', again],
    ['not_found', 'carrying', 'none', carry],
    ['no_such_payout', 'a line', 'none', confirm()],
    ['no_such_payout', 'a line that takes back', 'none', takeBack()],
    ['line_repeats', 'a second line, once confirmed', 'confirmed', confirm({ lineId: 'l9' })],
    ['line_repeats', 'a second line, once it came back', 'returned', confirm({ lineId: 'l9' })],
    ['line_repeats', 'a second line that takes back', 'returned', takeBack({ lineId: 'l9' })],
    ['not_instructed', 'a line before the instruction', 'held', confirm()],
    ['not_instructed', 'a line after the bank refused', 'failed', confirm()],
    ['not_instructed', 'a line after it was carried', 'carried', confirm()],
    ['not_confirmed', 'a line that takes back what was never paid', 'instructed', takeBack()],
    ['amount_differs', 'a line of another amount', 'instructed', confirm({ amountMinor: -899 })],
    ['amount_differs', 'a line the wrong way', 'instructed', confirm({ amountMinor: 900 })],
    ['amount_differs', 'a return of another amount', 'confirmed', takeBack({ amountMinor: 899 })],
    ['amount_differs', 'a return the wrong way', 'confirmed', takeBack({ amountMinor: -900 })],
    ['currency_differs', 'a line in another currency', 'instructed', confirm({ currency: 'CNY' })],
    ['account_differs', 'a line to another account', 'instructed', confirm({ accountNumber: '6333' })],
    ['account_differs', 'a return from another account', 'confirmed', takeBack({ accountNumber: '6333' })],
    ['state_conflict', 'an instruction without the ledger’s leave', 'requested', instruct()],
    ['state_conflict', 'an instruction after a refusal', 'refused', instruct()],
    ['state_conflict', 'an instruction once confirmed', 'confirmed', instruct()],
    ['state_conflict', 'an instruction after a failure', 'failed', instruct()],
    ['state_conflict', 'an instruction after it came back', 'returned', instruct()],
    ['state_conflict', 'an instruction once carried', 'carried', instruct()],
    ['state_conflict', 'a failure before the instruction', 'held', fail()],
    ['state_conflict', 'a failure once confirmed', 'confirmed', fail()],
    ['state_conflict', 'giving up what is not at the bank', 'held', declare],
    ['state_conflict', 'giving up what is paid', 'confirmed', declare],
    ['state_conflict', 'giving up what has failed', 'failed', declare],
    ['not_found', 'giving up what is not there', 'none', declare],
    ['state_conflict', 'another ask while the first is out', 'requested', again],
    ['state_conflict', 'another ask while it is held', 'held', again],
    ['state_conflict', 'another ask while it is at the bank', 'instructed', again],
    ['state_conflict', 'another ask once confirmed', 'confirmed', again],
    ['state_conflict', 'another ask once it came back', 'returned', again],
    ['state_conflict', 'another ask once carried', 'carried', again],
    ['state_conflict', 'carrying while the ledger’s answer is out', 'requested', carry],
    ['state_conflict', 'carrying while it is at the bank', 'instructed', carry],
    ['state_conflict', 'carrying once confirmed', 'confirmed', carry],
  ])('refuses with %s: %s', (refusal, _, history, command) => given(histories[history]).when(command).then({ refused: refusal }));

  it.each<[string, PayoutCommand]>([
    ['asked for again', { ...again, by: 'operator:boss' }],
    ['carried', { ...carry, by: 'operator:boss' }],
  ])('refuses with four_eyes: %s by whoever says that the bank never will pay', (_, command) =>
    given([...histories.instructed, gaveUp])
      .when(command)
      .then({ refused: 'four_eyes' }),
  );

  it('goes to the account and by the way that the party has named', () => {
    const route = { bic: 'ICBKCNBJ', clearing: { memberId: '102290000002', system: 'CNAPS' } };
    const terms = { ...reference, ...account, route };
    const routed = { ...requested(), route } as PayoutEvent;
    given([])
      .when({ type: 'RequestPayout', terms, now })
      .then({ events: [routed] });
    given([routed, held])
      .when(instruct())
      .then({ events: [{ ...instructed(), route } as PayoutEvent] });
    given([routed, refused])
      .when(again)
      .then({ events: [askedAgain] });
  });

  it('is refused for its amount before its currency and its account', () =>
    given(histories.instructed)
      .when(confirm({ amountMinor: 1, currency: 'CNY', accountNumber: '6333' }))
      .then({ refused: 'amount_differs' }));
});

describe('a collection', () => {
  const owed = { ...reference, direction: 'collection' as const };
  const asked: PayoutEvent = { type: 'PayoutRequested', ...owed, ...account, requestedAt: now };
  const debited: PayoutEvent = { type: 'PayoutInstructed', ...owed, ...account, attempt: 1 };
  const collected: PayoutEvent = { type: 'PayoutConfirmed', ...owed, lineId: 'l1' };

  it.each<[string, PayoutEvent[], PayoutCommand, PayoutEvent[]]>([
    ['is requested without a hold', [], { type: 'RequestPayout', terms: { ...owed, ...account }, now }, [asked]],
    ['is instructed at once, whatever the cash', [asked], instruct(0n), [debited]],
    ['is confirmed by money coming in', [asked, debited], confirm({ amountMinor: 900 }), [collected]],
    [
      'is taken back by money going out',
      [asked, debited, collected],
      takeBack({ amountMinor: -900 }),
      [{ type: 'PayoutReturned', ...owed, lineId: 'l2' }],
    ],
    ['is carried before it is instructed', [asked], carry, [{ type: 'PayoutCarried', ...owed, model: 'dnm', by: 'operator:fin' }]],
  ])('%s', (_, history, command, events) => given(history).when(command).then({ events }));

  it('refuses with state_conflict: a hold', () => given([asked]).when(placed()).then({ refused: 'state_conflict' }));

  it('refuses with amount_differs: money going out', () => given([asked, debited]).when(confirm()).then({ refused: 'amount_differs' }));
});

describe('a payout that a refused line has named', () => {
  const lateLine = lineRefused('l7');
  const despite = { despite: ['l7'] };
  const state_conflict = { refused: 'state_conflict' } as const;

  it.each<[string, PayoutEvent[], PayoutCommand, Decision<PayoutEvent, PayoutRefusal>]>([
    ['remembers it, once', histories.failed, noteLine('l7'), { events: [lateLine] }],
    ['remembers it once', [...histories.failed, lateLine], noteLine('l7'), { events: [] }],
    ['may have been paid: it is not asked for again', [...histories.failed, lateLine], again, state_conflict],
    ['may have been paid: it is not carried', [...histories.failed, lateLine], carry, state_conflict],
    ['is asked for again by who names the line', [...histories.failed, lateLine], { ...again, ...despite }, { events: [askedAgain] }],
    ['is carried by who names the line', [...histories.failed, lateLine], { ...carry, ...despite }, { events: [carried()] }],
    [
      'is carried by nobody who names only one of two',
      [...histories.failed, lateLine, lineRefused('l8')],
      { ...carry, ...despite },
      state_conflict,
    ],
    [
      'is not instructed when the line comes after it was asked for again',
      [...histories.failed, askedAgain, held, lateLine],
      instruct(),
      state_conflict,
    ],
    [
      'is instructed when it was asked for despite the line',
      [...histories.failed, lateLine, askedAgain, held],
      instruct(),
      { events: [{ ...instructed(2, secondHold), accountNumber: '6333' } as PayoutEvent] },
    ],
    ['that came back after it was paid twice is not carried', [...histories.returned, lineRefused('l7')], carry, state_conflict],
  ])('%s', (_, history, command, decision) => given(history).when(command).then(decision));

  it.each(['settlementId', 'party', 'currency'] as const)(
    'that is asked for with another %s is another one, and never passes for this',
    (term) => {
      const terms = { ...reference, ...account, [term]: 'other' };
      expect(() => given(histories.held).when({ type: 'RequestPayout', terms, now }).then({ events: [] })).toThrow('is another payout');
    },
  );
});
