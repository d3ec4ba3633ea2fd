import type { FxQuoteEvent, PositionEvent } from '@tongbao/contracts';
import type { EventStore, Handled } from '@tongbao/event-store';
import type { Clock } from '@tongbao/service';
import { decideExchange, type ExchangeCommand, type ExchangeRefusal } from './exchange.decide.js';
import { exchangeIdOf, exchangesOf } from './exchange.js';
import { fxQuoteStream } from './fx-quote.js';
import type { FxQueries } from './fx.queries.js';
import type { PositionKeeper } from './position.process.js';
import type { SettlementPosition } from './position.js';
import type { LockRates } from './rates.decide.js';
import type { SettlementMove } from './settlement.moves.js';
import type { RowOf } from './settlement.rows.js';
import type { Settlement } from './settlement.js';

export interface ExchangeProcessParts {
  store: EventStore;
  fx: FxQueries;
  positions: PositionKeeper;
  /** The bank that the hub pays through. */
  bank: string;
  clock: Clock;
}

/** How far the exchanges of a settlement are. */
export interface Exchanged {
  /** Whether each has come to its end. */
  isDone: boolean;
  /** Whether one waits for a rate, or for cash. */
  waits: boolean;
  /** Whether one is done that the ledger has not posted, or asked for again as soon as it has. */
  waitsForLedger: boolean;
  /** What the bank is told of a move, in which currency; nothing of a payout that is not exchanged yet, or never will be. */
  asPaid: (move: SettlementMove) => (SettlementMove & { currency: string })[];
}

/**
 * Exchanges what a settlement pays to parties in other currencies. As soon as a rate is locked, the ledger is asked to hold what is sold on the party's account,
 * so that it is still there when the settlement pays. Then it is asked to hold what is bought on hub:fx: it refuses that while cash of the currency would
 * not cover clients' money, and so nobody else's payouts in that currency are ever held up by an exchange. What was refused is asked for again when money
 * of the currency has come in.
 */
export class ExchangeProcess {
  constructor(private readonly parts: ExchangeProcessParts) {}

  /** With the newest quote of each currency that is wanted, by the streams themselves. */
  async lockCommand(settlement: Settlement): Promise<LockRates> {
    const { store, fx, clock } = this.parts;
    const quotes = [];
    for (const payIn of new Set(exchangesOf(settlement).map((wanted) => wanted.payIn))) {
      const last = await store.readLast<FxQuoteEvent>(fxQuoteStream(settlement.currency, payIn));
      if (last?.event.type === 'FxQuoted') quotes.push(last.event);
    }
    const rows = await fx.exchangesOf(settlement.settlementId);
    const except = new Set(rows.flatMap(({ party, status }) => (status === 'carried' ? [party] : [])));
    return { type: 'LockRates', quotes, except, now: clock.now().toISOString() };
  }

  /** Has the ledger hold what is sold at the rates that are locked: nothing else may take it before the exchange. */
  async hold(settlement: Settlement): Promise<void> {
    if (settlement.rates.locked.size === 0) return;
    const rows = await this.#rowsOf(settlement);
    for (const { party, soldMinor } of settlement.rates.locked.values())
      if (rows.get(party)?.status === 'locked') await this.#hold(settlement, party, soldMinor);
  }

  /**
   * Gives back what is held for a settlement that is aborted.
   * @param posted how far the ledger has posted what happened
   * @returns whether the ledger holds nothing for it any more
   */
  async release(settlement: Settlement, posted: bigint): Promise<boolean> {
    let isFree = true;
    for (const party of settlement.rates.locked.keys()) {
      const handled = await this.#decide(settlement, party, 'release', { type: 'ReleaseFunds' });
      if (handled.outcome !== 'refused' && handled.events.length > 0) isFree = false;
    }
    if (settlement.rates.locked.size === 0) return true;
    const rows = [...(await this.#rowsOf(settlement)).values()];
    return isFree && rows.every(({ status, movedPosition }) => !holds.has(status) && (status !== 'released' || movedPosition <= posted));
  }

  /** @param posted how far the ledger has posted what happened */
  async run(settlement: Settlement, posted: bigint): Promise<Exchanged> {
    const wanted = exchangesOf(settlement);
    const rows = wanted.length > 0 ? await this.#rowsOf(settlement) : new Map<string, RowOf<'exchanges'>>();
    for (const { party } of wanted) await this.#go(settlement, party, rows.get(party));
    const done = (party: string) => rows.get(party)?.status === 'exchanged';
    const isPosted = (party: string) => (rows.get(party)?.movedPosition ?? posted + 1n) <= posted;
    const isExchanged = new Set(wanted.map(({ party }) => party));
    return {
      isDone: wanted.every(({ party }) => rows.get(party)?.status === 'carried' || (done(party) && isPosted(party))),
      waits: wanted.some(({ party }) => isWaiting(rows.get(party))),
      waitsForLedger: wanted.some(({ party }) => done(party) && !isPosted(party)),
      asPaid: (move) => {
        if (move.kind !== 'payout' || !isExchanged.has(move.party)) return [{ ...move, currency: settlement.currency }];
        const rate = settlement.rates.locked.get(move.party);
        return rate && done(move.party) && isPosted(move.party) ? [{ ...move, ...rate.bought }] : [];
      },
    };
  }

  /** The next step of one of them, where there is one. */
  async #go(settlement: Settlement, party: string, row: RowOf<'exchanges'> | undefined): Promise<void> {
    const { settlementId, currency } = settlement;
    const rate = settlement.rates.locked.get(party);
    if (!rate || !row) return;
    if (row.status === 'locked') await this.#hold(settlement, party, rate.soldMinor);
    if (row.status === 'held')
      await this.#decide(settlement, party, 'request', { type: 'RequestExchange', about: { settlementId, party, currency }, rate });
    if (row.status !== 'refused') return;
    const gained = await this.parts.fx.lastCoverGain(row.isHeld ? rate.bought.currency : currency);
    if (gained > row.movedPosition) await this.#decide(settlement, party, `ask again at ${gained}`, { type: 'AskExchangeAgain' });
  }

  async #hold(settlement: Settlement, party: string, soldMinor: number): Promise<void> {
    const { settlementId, currency } = settlement;
    await this.#decide(settlement, party, 'hold', { type: 'HoldFunds', about: { settlementId, party, currency }, soldMinor });
  }

  async #rowsOf({ settlementId }: Settlement): Promise<Map<string, RowOf<'exchanges'>>> {
    return new Map((await this.parts.fx.exchangesOf(settlementId)).map((row) => [row.party, row]));
  }

  /** A refusal means that somebody else moved it on, which the next look shows. */
  #decide(
    settlement: Settlement,
    party: string,
    step: string,
    command: ExchangeCommand,
  ): Promise<Handled<SettlementPosition, PositionEvent, ExchangeRefusal>> {
    const context = { commandId: `${exchangeIdOf(settlement.settlementId, party)} ${step}` };
    return this.parts.positions.decide<ExchangeRefusal>(settlement, party, ({ exchange }) => decideExchange(command, exchange), context);
  }
}

/** What is sold is held by the ledger, or about to be. */
const holds: ReadonlySet<string> = new Set(['holding', 'held']);

const isWaiting = (row: RowOf<'exchanges'> | undefined): boolean =>
  row === undefined || row.status === 'awaiting_rate' || row.status === 'refused';
