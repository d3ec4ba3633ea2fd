import type { ExchangeFundsRequested, ExchangeRequested, LiquidityDrawRequested, PartySettlement, PositionEvent } from '@tongbao/contracts';
import { handle, type Decision, type EventStore, type Handled, type Loaded, type StoredEvent } from '@tongbao/event-store';
import { positionStream } from './liquidity.js';
import { decideAnswer, decideBooking, type AnswerCommand, type BookCommand, type PositionRefusal } from './position.decide.js';
import { positionFold, type SettlementPosition } from './position.js';
import { movesOf } from './settlement.moves.js';
import { together } from './together.js';
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
  /** Of settlements that pay: whose bookings have all come to their end, and the newest fact of those. They are not looked at again. */
  readonly #done = new Map<string, { parties: Set<string>; position: bigint }>();

  constructor(private readonly store: EventStore) {}

  /** Writes what is missing of it; once for each step, however often it is run. */
  async book(settlement: Settlement): Promise<Booked> {
    const done = this.#done.get(settlement.settlementId) ?? { parties: new Set(), position: 0n };
    this.#done.set(settlement.settlementId, done);
    const bookings = bookingsOf(settlement);
    const open = [...bookings].filter(([party]) => !done.parties.has(party));
    let position = 0n;
    await together(open, async ([party, commands]) => {
      const { state, moved } = await this.#book(settlement, party, commands);
      if (moved > position) position = moved;
      if (isOpen(state)) return;
      done.parties.add(party);
      if (moved > done.position) done.position = moved;
    });
    return { position: position > done.position ? position : done.position, isDone: done.parties.size === bookings.size };
  }

  /** There is nothing left to do for it. */
  forget(settlementId: string): void {
    this.#done.delete(settlementId);
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
  async askedUnder(party: string, holdId: string): Promise<StoredEvent<HoldAsked> | undefined> {
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

  async #book(settlement: Settlement, party: string, commands: readonly BookCommand[]): Promise<LoadedPosition> {
    const { settlementId } = settlement;
    let { state, moved, loaded } = await this.#load(settlement, party);
    for (const command of commands) {
      const handled = await handle<SettlementPosition, PositionEvent, never>(
        this.store,
        positionStream(party),
        positionFold(settlementId),
        (before) => decideBooking(command, before),
        { commandId: `${settlementId} ${party} ${stepOf(command)}`, correlationId: settlementId },
        loaded,
      );
      // Somebody else has booked it since: where that is in the log, the stream says.
      if (handled.revision !== loaded.revision && !('position' in handled && handled.position))
        return this.#book(settlement, party, commands);
      if ('position' in handled && handled.position && handled.events.some((event) => isMoved(event, settlementId)))
        moved = handled.position;
      ({ state } = handled);
      loaded = { state, revision: handled.revision };
    }
    return { state, moved, loaded };
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

/** Whether a debt that is paid directly, or a draw, has not come to its end. */
const isOpen = ({ obligations, draw }: SettlementPosition): boolean =>
  draw?.status === 'requested' || [...obligations.values()].some(({ status }) => status === 'due' || status === 'reported');

/** A settlement's facts are all after its cut-off. */
type SettlementSpan = Pick<Settlement, 'settlementId' | 'cutOff'>;

type HoldAsked = LiquidityDrawRequested | ExchangeFundsRequested | ExchangeRequested;

const isAsk = (stored: StoredEvent<PositionEvent>): stored is StoredEvent<HoldAsked> =>
  stored.event.type === 'LiquidityDrawRequested' ||
  stored.event.type === 'ExchangeFundsRequested' ||
  stored.event.type === 'ExchangeRequested';

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
