import type { ExchangeRequested, LiquidityDrawRequested, PartySettlement, PositionEvent } from '@tongbao/contracts';
import { handle, type Decision, type EventStore, type Handled, type Loaded, type StoredEvent } from '@tongbao/event-store';
import { positionStream } from './liquidity.js';
import { decideAnswer, decideBooking, type AnswerCommand, type BookCommand, type PositionRefusal } from './position.decide.js';
import { positionFold, type SettlementPosition } from './position.js';
import { movesOf } from './settlement.moves.js';
import type { Settlement } from './settlement.js';

/** Facts of other settlements and times are read past, so many at once. */
const eventsAtOnce = 100;

export interface Booked {
  /** Log position of the newest fact that moves money of a party; 0 when there is none. */
  position: bigint;
  /** Whether every debt that is paid directly, and every draw, has come to its end. */
  isDone: boolean;
}

/**
 * What a settlement does to the positions of its parties besides payouts: reserves, what they pay each other directly, what is collected from prefunded money.
 * All of it is on `position-<party>`, after the settlement's cut-off; so however long that stream has become, it is read back only as far as there.
 */
export class PositionKeeper {
  constructor(private readonly store: EventStore) {}

  /** Writes what is missing of it; once for each step, however often it is run. */
  async book(settlement: Settlement): Promise<Booked> {
    let position = 0n;
    let isDone = true;
    for (const [party, commands] of bookingsOf(settlement)) {
      for (const command of commands) await this.#book(settlement, party, command);
      const { state, moved } = await this.#load(settlement, party);
      if (moved > position) position = moved;
      const owed = [...state.obligations.values()].some(({ status }) => status === 'due' || status === 'reported');
      if (owed || state.draw?.status === 'requested') isDone = false;
    }
    return { position, isDone };
  }

  /** What is said of a debt or a draw of a party in a settlement. */
  answer(
    settlement: SettlementSpan,
    party: string,
    command: AnswerCommand,
    context: { commandId: string; actor?: string },
  ): Promise<Handled<SettlementPosition, PositionEvent, PositionRefusal>> {
    return this.decide<PositionRefusal>(settlement, party, (state) => decideAnswer(command, state), context);
  }

  /** Whatever else is decided about a party in a settlement. */
  async decide<R extends string>(
    settlement: SettlementSpan,
    party: string,
    decision: (state: SettlementPosition) => Decision<PositionEvent, R>,
    context: { commandId: string; actor?: string },
  ): Promise<Handled<SettlementPosition, PositionEvent, R>> {
    const { loaded } = await this.#load(settlement, party);
    return handle<SettlementPosition, PositionEvent, R>(
      this.store,
      positionStream(party),
      positionFold(settlement.settlementId),
      decision,
      { ...context, correlationId: settlement.settlementId },
      loaded,
    );
  }

  /** The ask for a draw or an exchange that the ledger answers, which is a moment old. */
  async askedUnder(party: string, holdId: string): Promise<StoredEvent<LiquidityDrawRequested | ExchangeRequested> | undefined> {
    for (let from: number | 'end' = 'end'; ;) {
      const page: StoredEvent<PositionEvent>[] = await this.store.read<PositionEvent>(positionStream(party), {
        backwards: true,
        from,
        limit: eventsAtOnce,
      });
      const found = page.filter(isAsk).find(({ event }) => event.holdId === holdId);
      if (found) return found;
      const oldest = page.at(-1);
      if (!oldest || oldest.revision === 0) return undefined;
      from = oldest.revision - 1;
    }
  }

  async #book(settlement: Settlement, party: string, command: BookCommand): Promise<void> {
    const { loaded } = await this.#load(settlement, party);
    const { settlementId } = settlement;
    await handle<SettlementPosition, PositionEvent, never>(
      this.store,
      positionStream(party),
      positionFold(settlementId),
      (state) => decideBooking(command, state),
      { commandId: `${settlementId} ${party} ${stepOf(command)}`, correlationId: settlementId },
      loaded,
    );
  }

  async #load({ settlementId, cutOff = 0n }: SettlementSpan, party: string): Promise<LoadedPosition> {
    const events = await this.#since(positionStream(party), cutOff);
    const { initial, evolve } = positionFold(settlementId);
    const state = events.reduce((before, { event }) => evolve(before, event), initial);
    const moved = events.findLast(({ event }) => isMoved(event, settlementId))?.position ?? 0n;
    const last = events.at(-1) ?? (await this.store.readLast<PositionEvent>(positionStream(party)));
    return { state, moved, loaded: { state, revision: last?.revision } };
  }

  /** In their order. */
  async #since(stream: string, position: bigint): Promise<StoredEvent<PositionEvent>[]> {
    const newest: StoredEvent<PositionEvent>[] = [];
    for (let from: number | 'end' = 'end'; ;) {
      const page: StoredEvent<PositionEvent>[] = await this.store.read<PositionEvent>(stream, {
        backwards: true,
        from,
        limit: eventsAtOnce,
      });
      newest.push(...page.filter((stored) => stored.position > position));
      const oldest = page.at(-1);
      if (!oldest || oldest.position <= position || oldest.revision === 0) return newest.reverse();
      from = oldest.revision - 1;
    }
  }
}

interface LoadedPosition {
  state: SettlementPosition;
  moved: bigint;
  loaded: Loaded<SettlementPosition>;
}

/** A settlement's facts are all after its cut-off. */
type SettlementSpan = Pick<Settlement, 'settlementId' | 'cutOff'>;

const isAsk = (stored: StoredEvent<PositionEvent>): stored is StoredEvent<LiquidityDrawRequested | ExchangeRequested> =>
  stored.event.type === 'LiquidityDrawRequested' || stored.event.type === 'ExchangeRequested';

const isMoved = (event: PositionEvent, settlementId: string): boolean =>
  (event.type === 'ReserveWithheld' || event.type === 'ReserveReleased') && event.settlementId === settlementId;

const stepOf = (command: BookCommand): string =>
  command.type === 'OweDirectly' ? `${command.type} ${command.obligation.creditor}` : command.type;

/** The steps of each party that has any, in the order of parties. */
function bookingsOf(settlement: Settlement): Map<string, BookCommand[]> {
  const bookings = new Map<string, BookCommand[]>();
  const add = (party: string, command: BookCommand) => bookings.set(party, [...(bookings.get(party) ?? []), command]);
  for (const row of settlement.parties) for (const command of ownBookings(settlement, row)) add(row.party, command);
  for (const obligation of settlement.direct) {
    add(obligation.debtor, { type: 'OweDirectly', about: aboutOf(settlement, obligation.debtor), obligation });
  }
  return bookings;
}

function ownBookings(settlement: Settlement, row: PartySettlement): BookCommand[] {
  const { party, withheldMinor = 0, releasedMinor = 0, releases = [], reserve } = row;
  const about = aboutOf(settlement, party);
  return [
    ...(reserve && withheldMinor > 0
      ? [{ type: 'WithholdReserve' as const, about, amountMinor: withheldMinor, releaseAt: reserve.releaseAt }]
      : []),
    ...(releasedMinor > 0 ? [{ type: 'ReleaseReserves' as const, about, amountMinor: releasedMinor, releases }] : []),
    ...movesOf(settlement.settlementId, row)
      .filter(({ kind }) => kind === 'draw')
      .map(({ id: drawId, amountMinor }) => ({ type: 'DrawLiquidity' as const, about, drawId, amountMinor })),
  ];
}

const aboutOf = ({ settlementId, currency }: Settlement, party: string) => ({ settlementId, party, currency });
