import type { FxQuoteEvent } from '@tongbao/contracts';
import type { EventStore } from '@tongbao/event-store';
import type { Clock } from '@tongbao/service';
import { decideExchange, type ExchangeCommand, type ExchangeRefusal } from './exchange.decide.js';
import { exchangeIdOf, exchangesOf } from './exchange.js';
import { fxQuoteStream } from './fx-quote.js';
import type { FxQueries } from './fx.queries.js';
import type { PositionKeeper } from './position.process.js';
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
  /** Whether one is done that the ledger has not posted. */
  waitsForLedger: boolean;
  /** What the bank is told of a move, in which currency; nothing of a payout that is not exchanged yet, or never will be. */
  asPaid: (move: SettlementMove) => (SettlementMove & { currency: string })[];
}

/**
 * Exchanges what a settlement pays to parties in other currencies. The ledger is asked to hold what is bought on hub:fx first: it refuses that while cash of the
 * currency would not cover clients' money, and so nobody else's payouts in that currency are ever held up by an exchange. What was refused is asked for
 * again when money of the currency has come in.
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

  /** @param posted how far the ledger has posted what happened */
  async run(settlement: Settlement, posted: bigint): Promise<Exchanged> {
    const wanted = exchangesOf(settlement);
    const rows = new Map<string, RowOf<'exchanges'>>();
    if (wanted.length > 0) for (const row of await this.parts.fx.exchangesOf(settlement.settlementId)) rows.set(row.party, row);
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
    if (!rate || (row && ended.has(row.status))) return;
    if (row?.status !== 'refused') {
      await this.#decide(settlement, party, 'request', { type: 'RequestExchange', about: { settlementId, party, currency }, rate });
      return;
    }
    const lastIncoming = await this.parts.fx.lastIncoming(this.parts.bank, rate.bought.currency);
    if (lastIncoming > row.movedPosition) await this.#decide(settlement, party, 'ask again', { type: 'AskExchangeAgain' });
  }

  /** A refusal means that somebody else moved it on, which the next look shows. */
  async #decide(settlement: Settlement, party: string, step: string, command: ExchangeCommand): Promise<void> {
    const context = { commandId: `${exchangeIdOf(settlement.settlementId, party)} ${step}` };
    await this.parts.positions.decide<ExchangeRefusal>(settlement, party, ({ exchange }) => decideExchange(command, exchange), context);
  }
}

const ended: ReadonlySet<string> = new Set(['requested', 'exchanged', 'carried']);

const isWaiting = (row: RowOf<'exchanges'> | undefined): boolean =>
  row === undefined || row.status === 'awaiting_rate' || row.status === 'refused';
