import { load, type EventStore } from '@tongbao/event-store';
import { Problem, type Answer, type Asked } from '@tongbao/service';
import { decideExchange, type ExchangeRefusal } from './exchange.decide.js';
import { exchangesOf } from './exchange.js';
import { positionStream } from './liquidity.js';
import type { SettlementModels } from './models.js';
import { PositionKeeper } from './position.process.js';
import { settlementFold, settlementStream } from './settlement.js';

/**
 * What operators ask of exchanges.
 * @throws Problem with the refusal of the decider, for each of them
 */
export class ExchangeCommands {
  readonly #positions: PositionKeeper;

  constructor(
    private readonly store: EventStore,
    private readonly models: SettlementModels,
  ) {
    this.#positions = new PositionKeeper(store);
  }

  /** Gives an exchange up before anything is exchanged: the amount is carried, in its own currency, to where the party is settled by now. */
  async carry(settlementId: string, party: string, { commandId, by }: Asked): Promise<Answer> {
    const { state } = await load(this.store, settlementStream(settlementId), settlementFold);
    if (state.status === 'none') throw new Problem('not_found', `There is no settlement ${settlementId}.`);
    // Before it pays, the whole settlement may be aborted.
    if (state.status !== 'paying') throw notNow();
    const wanted = exchangesOf(state).find((each) => each.party === party);
    if (!wanted) throw new Problem('not_found', `${settlementId} pays ${party} nothing in another currency.`);
    const { currency } = state;
    const model = (await this.models.partyModels(currency)).now(party);
    const about = { settlementId, party, currency };
    const handled = await this.#positions.decide<ExchangeRefusal>(
      state,
      party,
      ({ exchange }) => decideExchange({ type: 'CarryExchange', about, wanted, model, by }, exchange),
      { commandId, actor: by },
    );
    if (handled.outcome === 'refused') throw notNow();
    return { position: (await this.store.readLast(positionStream(party)))?.position ?? 0n };
  }
}

const notNow = (): Problem =>
  new Problem('state_conflict', 'Only what waits for a rate or for cash, in a settlement that pays, is carried.');
