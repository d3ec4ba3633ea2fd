import {
  isParty,
  type DirectObligation,
  type ObligationReported,
  type PositionEvent,
  type ProblemCode,
  type ReleasedReserve,
} from '@tongbao/contracts';
import type { Decision } from '@tongbao/event-store';
import { holdIdOf } from './payout.js';
import type { Draw, DueObligation, SettlementPosition } from './position.js';

/** What a settlement does to a party's position, besides payouts. */
interface About {
  settlementId: string;
  party: string;
  currency: string;
}

/** Steps of a settlement that can no longer be aborted; each finds its work done when it is run again. */
export type BookCommand =
  | { type: 'WithholdReserve'; about: About; amountMinor: number; releaseAt: string }
  | { type: 'ReleaseReserves'; about: About; amountMinor: number; releases: readonly ReleasedReserve[] }
  | { type: 'OweDirectly'; about: About; obligation: DirectObligation }
  | { type: 'DrawLiquidity'; about: About; drawId: string; amountMinor: number };

/** What operators, creditors and the ledger say. */
export type AnswerCommand =
  | { type: 'ReportObligation'; creditor: string; outcome: ObligationReported['outcome']; by: string; note: string }
  | { type: 'RejectReport'; creditor: string; by: string; note: string }
  /** By the person who is not the one who reported; of a payment, by the creditor's own word. */
  | {
      type: 'ConfirmReport';
      creditor: string;
      /** What is confirmed: another report may have taken the place of the one that was read. */
      outcome: ObligationReported['outcome'];
      by: string;
      debtorModel: string;
      creditorModel: string;
    }
  | { type: 'RecordDraw'; holdId: string }
  | { type: 'RecordDrawRefusal'; holdId: string; code: string; model: string };

/** Why a command is refused. The order of `refusals` is the order of precedence: the first that applies answers. */
export type PositionRefusal = Extract<ProblemCode, 'not_found' | 'state_conflict' | 'forbidden' | 'four_eyes'>;

/** Decides a step of a settlement. One that has been done changes nothing, so that every step can be run again. */
export function decideBooking(command: BookCommand, state: SettlementPosition): Decision<PositionEvent, never> {
  return { events: isBooked(command, state) ? [] : [booked(command)] };
}

function isBooked(command: BookCommand, state: SettlementPosition): boolean {
  switch (command.type) {
    case 'WithholdReserve':
      return state.isWithheld;
    case 'ReleaseReserves':
      return state.isReleased;
    case 'OweDirectly':
      return state.obligations.has(command.obligation.creditor);
    case 'DrawLiquidity':
      return state.draw !== undefined;
    default:
      return command satisfies never;
  }
}

function booked(command: BookCommand): PositionEvent {
  const { settlementId, party, currency } = command.about;
  switch (command.type) {
    case 'WithholdReserve': {
      const { amountMinor, releaseAt } = command;
      return { type: 'ReserveWithheld', party, amountMinor, currency, settlementId, releaseAt };
    }
    case 'ReleaseReserves': {
      const { amountMinor, releases } = command;
      return { type: 'ReserveReleased', party, amountMinor, currency, settlementId, releases: [...releases] };
    }
    case 'OweDirectly': {
      const { obligationId, creditor, amountMinor } = command.obligation;
      return { type: 'ObligationDue', party, amountMinor, currency, obligationId, settlementId, creditor };
    }
    case 'DrawLiquidity': {
      const { drawId, amountMinor } = command;
      return { type: 'LiquidityDrawRequested', party, amountMinor, currency, drawId, settlementId, holdId: holdIdOf(drawId, 1) };
    }
    default:
      return command satisfies never;
  }
}

/** Decides what somebody says of an obligation or a draw. What is said again changes nothing. */
export function decideAnswer(command: AnswerCommand, state: SettlementPosition): Decision<PositionEvent, PositionRefusal> {
  if ('holdId' in command) return decideDraw(command, state.draw);
  const obligation = state.obligations.get(command.creditor);
  if (obligation && isSaid(command, obligation)) return { events: [] };
  const refusal = refusals.find(([, applies]) => applies(command, obligation));
  if (refusal) return { refused: refusal[0] };
  return obligation ? { events: [saidEvent(command, obligation)] } : { refused: 'not_found' };
}

type ObligationCommand = Exclude<AnswerCommand, { holdId: string }>;

const refusals: [PositionRefusal, (command: ObligationCommand, obligation: DueObligation | undefined) => boolean][] = [
  ['not_found', (_, obligation) => obligation === undefined],
  // Of the parties the creditor alone has a say: that it has its money, and nothing else.
  [
    'forbidden',
    (command) => command.type === 'ConfirmReport' && isParty(command.by) && (command.by !== command.creditor || command.outcome !== 'paid'),
  ],
  ['state_conflict', ({ type }, obligation) => obligation?.status !== (type === 'ReportObligation' ? 'due' : 'reported')],
  ['state_conflict', (command, obligation) => command.type === 'ConfirmReport' && obligation?.report?.outcome !== command.outcome],
  ['four_eyes', (command, obligation) => command.type === 'ConfirmReport' && command.by === obligation?.report?.by],
];

function isSaid(command: ObligationCommand, { status, report }: DueObligation): boolean {
  switch (command.type) {
    case 'ReportObligation':
      return status === 'reported' && report?.outcome === command.outcome && report.by === command.by && report.note === command.note;
    case 'RejectReport':
    case 'ConfirmReport':
      return false;
    default:
      return command satisfies never;
  }
}

function saidEvent(command: ObligationCommand, obligation: DueObligation): PositionEvent {
  const { debtor: party, amountMinor, currency, obligationId, settlementId, creditor, report } = obligation;
  const reference = { party, amountMinor, currency, obligationId, settlementId, creditor };
  switch (command.type) {
    case 'ReportObligation':
      return { type: 'ObligationReported', ...reference, outcome: command.outcome, by: command.by, note: command.note };
    case 'RejectReport':
      return { type: 'ObligationReportRejected', ...reference, by: command.by, note: command.note };
    case 'ConfirmReport': {
      const { debtorModel, creditorModel, by: confirmedBy } = command;
      const said = { reportedBy: report?.by ?? '', confirmedBy, note: report?.note ?? '' };
      if (command.outcome === 'paid') return { type: 'ObligationPaid', ...reference, ...said };
      return { type: 'ObligationCarried', ...reference, debtorModel, creditorModel, ...said };
    }
    default:
      return command satisfies never;
  }
}

function decideDraw(command: Extract<AnswerCommand, { holdId: string }>, draw: Draw | undefined): Decision<PositionEvent, PositionRefusal> {
  if (draw?.holdId !== command.holdId) return { refused: 'not_found' };
  if (draw.status !== 'requested') return { events: [] };
  const { drawId, settlementId, party, holdId, amountMinor, currency } = draw;
  const reference = { party, amountMinor, currency, drawId, settlementId, holdId };
  if (command.type === 'RecordDraw') return { events: [{ type: 'LiquidityDrawn', ...reference }] };
  return { events: [{ type: 'LiquidityDrawRefused', ...reference, code: command.code, model: command.model }] };
}
