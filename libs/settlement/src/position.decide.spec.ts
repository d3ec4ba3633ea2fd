import { describe, expect, it } from '@jest/globals';
import type { PositionEvent } from '@tongbao/contracts';
import { goldenEvents } from '@tongbao/testing';
import { decideAnswer, decideBooking, type AnswerCommand, type BookCommand, type PositionRefusal } from './position.decide.js';
import { positionFold } from './position.js';
import { positionTransfers } from './position.transfers.js';

const about = { settlementId: 's1', party: 'platform:B', currency: 'USD' };
const position = { party: 'platform:B', amountMinor: 1_600, currency: 'USD' };
const owed = { ...position, obligationId: 's1_platform.B_platform.A', settlementId: 's1', creditor: 'platform:A' };
const drawn = { ...position, drawId: 's1_platform.B', settlementId: 's1', holdId: 'hold_s1_platform.B' };
const note = 'advice 17';

const withheld: PositionEvent = { type: 'ReserveWithheld', ...position, settlementId: 's1', releaseAt: '2026-05-01T00:00:00Z' };
const releases = [{ settlementId: 's0', amountMinor: 1_600 }];
const released: PositionEvent = { type: 'ReserveReleased', ...position, settlementId: 's1', releases };
const due: PositionEvent = { type: 'ObligationDue', ...owed };
const reported = (outcome: 'paid' | 'carried' = 'paid'): PositionEvent => ({
  ...{ type: 'ObligationReported', ...owed, outcome, by: 'operator:fin', note },
});
const rejected: PositionEvent = { type: 'ObligationReportRejected', ...owed, by: 'operator:boss', note: 'another one' };
const confirmed = { reportedBy: 'operator:fin', confirmedBy: 'operator:boss', note };
const paid: PositionEvent = { type: 'ObligationPaid', ...owed, ...confirmed };
const carried: PositionEvent = { type: 'ObligationCarried', ...owed, debtorModel: 'dnb', creditorModel: 'weekly', ...confirmed };
const requested: PositionEvent = { type: 'LiquidityDrawRequested', ...drawn };
const taken: PositionEvent = { type: 'LiquidityDrawn', ...drawn };
const refusedDraw: PositionEvent = { type: 'LiquidityDrawRefused', ...drawn, code: 'insufficient_funds', model: 'dnm' };
const others: PositionEvent[] = [withheld, released, due, requested].map((event) => ({ ...event, settlementId: 's0' }));

const { initial, evolve } = positionFold('s1');
const given = (...history: PositionEvent[]) => {
  const state = history.reduce(evolve, initial);
  return {
    books: (command: BookCommand, ...events: PositionEvent[]) => expect(decideBooking(command, state)).toEqual({ events }),
    answers: (command: AnswerCommand, ...events: PositionEvent[]) => expect(decideAnswer(command, state)).toEqual({ events }),
    refuses: (command: AnswerCommand, refused: PositionRefusal) => expect(decideAnswer(command, state)).toEqual({ refused }),
  };
};

const { obligationId } = owed;
const bookings: [BookCommand, PositionEvent][] = [
  [{ type: 'WithholdReserve', about, amountMinor: 1_600, releaseAt: '2026-05-01T00:00:00Z' }, withheld],
  [{ type: 'ReleaseReserves', about, amountMinor: 1_600, releases }, released],
  [{ type: 'OweDirectly', about, obligation: { obligationId, debtor: 'platform:B', creditor: 'platform:A', amountMinor: 1_600 } }, due],
  [{ type: 'DrawLiquidity', about, drawId: 's1_platform.B', amountMinor: 1_600 }, requested],
];

describe.each(bookings)('%o of a settlement', (command, event) => {
  it('is written once', () => given().books(command, event));
  it('finds its work done', () => given(event).books(command));
  it('is not that of other settlements', () => given(...others).books(command, event));
});

const report = (outcome: 'paid' | 'carried' = 'paid', by = 'operator:fin'): AnswerCommand => ({
  ...{ type: 'ReportObligation', creditor: 'platform:A', outcome, by, note },
});
const reject = (by = 'operator:boss'): AnswerCommand => ({ type: 'RejectReport', creditor: 'platform:A', by, note: 'another one' });
const confirm = (outcome: 'paid' | 'carried' = 'paid', by = 'operator:boss'): AnswerCommand => ({
  ...{ type: 'ConfirmReport', creditor: 'platform:A', outcome, by, debtorModel: 'dnb', creditorModel: 'weekly' },
});

describe('a debt that platforms settle between them', () => {
  it('is paid once two people say so', () => {
    given(due).answers(report(), reported());
    given(due, reported()).answers(confirm(), paid);
  });
  it('is paid once the creditor says so', () =>
    given(due, reported()).answers(confirm('paid', 'platform:A'), { ...paid, confirmedBy: 'platform:A' }));
  it('is taken back by the hub once two people say so', () => {
    given(due).answers(report('carried'), reported('carried'));
    given(due, reported('carried')).answers(confirm('carried'), carried);
  });
  it('is due again when the report is not confirmed', () => {
    given(due, reported()).answers(reject(), rejected);
    given(due, reported(), rejected).answers(report('carried'), reported('carried'));
  });
  it('reported again by the same words is the same report', () => given(due, reported()).answers(report()));

  it.each<[PositionRefusal, string, PositionEvent[], AnswerCommand]>([
    ['not_found', 'a report of what nobody owes', [], report()],
    ['not_found', 'a report of what is owed by another settlement', others, report()],
    ['not_found', 'a confirmation of what nobody owes', [], confirm()],
    ['not_found', 'a rejection of what nobody owes', [], reject()],
    ['forbidden', 'a creditor’s word that the hub shall pay', [due, reported('carried')], confirm('carried', 'platform:A')],
    ['forbidden', 'a debtor’s word that it has paid', [due, reported()], confirm('paid', 'platform:B')],
    ['forbidden', 'a third platform’s word', [due, reported()], confirm('paid', 'platform:C')],
    ['state_conflict', 'another report beside one', [due, reported()], report('carried')],
    ['state_conflict', 'a report by another person beside one', [due, reported()], report('paid', 'operator:eve')],
    ['state_conflict', 'a report of what is paid', [due, reported(), paid], report()],
    ['state_conflict', 'a report of what is taken back', [due, reported('carried'), carried], report()],
    ['state_conflict', 'a confirmation where nothing was reported', [due], confirm()],
    ['state_conflict', 'a confirmation of another report than was read', [due, reported(), rejected, reported('carried')], confirm()],
    ['state_conflict', 'a creditor’s word for what was not reported as paid', [due, reported('carried')], confirm('paid', 'platform:A')],
    ['state_conflict', 'a second confirmation', [due, reported(), paid], confirm()],
    ['state_conflict', 'a rejection where nothing was reported', [due], reject()],
    ['state_conflict', 'a rejection of what is paid', [due, reported(), paid], reject()],
    ['four_eyes', 'a confirmation by who reported', [due, reported()], confirm('paid', 'operator:fin')],
  ])('refuses with %s: %s', (code, _, history, command) => given(...history).refuses(command, code));
});

describe('a draw from liquidity', () => {
  const placed: AnswerCommand = { type: 'RecordDraw', holdId: drawn.holdId };
  const refusal: AnswerCommand = { type: 'RecordDrawRefusal', holdId: drawn.holdId, code: 'insufficient_funds', model: 'dnm' };

  it('is made when the ledger holds the amount, and carried when it does not', () => {
    given(requested).answers(placed, taken);
    given(requested).answers(refusal, refusedDraw);
  });
  it.each([[placed], [refusal]])('is answered once: %o', (command) => {
    given(requested, taken).answers(command);
    given(requested, refusedDraw).answers(command);
  });
  it.each([[placed], [refusal]])('that was never asked for is refused: %o', (command) => {
    given().refuses(command, 'not_found');
    given(requested).refuses({ ...command, holdId: 'hold_other' }, 'not_found');
  });
});

it.each(goldenEvents<PositionEvent>('position').map(({ event }) => [event.type, event] as const))(
  'every %s that was ever written is still understood, and moves whole amounts of its party',
  (_, event) => {
    const { initial: before, evolve: fold } = positionFold('settlementId' in event ? event.settlementId : 's1');
    expect(fold(before, event)).toMatchObject({ obligations: expect.any(Map) });
    for (const { transfers } of positionTransfers(event))
      for (const { from, to, amountMinor } of transfers) expect([from, to].includes(event.party) && amountMinor > 0).toBe(true);
  },
);
