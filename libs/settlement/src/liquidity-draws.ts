import type { ExchangeFundsRequested, ExchangeRequested, LiquidityDrawRequested } from '@tongbao/contracts';
import { load, type EventStore } from '@tongbao/event-store';
import { decideExchange, type ExchangeCommand, type ExchangeRefusal } from './exchange.decide.js';
import type { SettlementModels } from './models.js';
import { PositionKeeper } from './position.process.js';
import { settlementFold, settlementStream } from './settlement.js';

/** What the ledger is asked for leave under, instead of a payout's id: the party, with a dot for its colon. */
export const drawRefOf = (party: string): string => party.replace(':', '.');

/** No id of a payout or withdrawal begins so. */
export const isDrawRef = (ref: string): boolean => /^(platform|creator)\./.test(ref);

/** What the ledger says of the holds that debts are drawn from prefunded money under, and that currencies are exchanged under. */
export class LiquidityDraws {
  readonly #positions: PositionKeeper;

  constructor(
    private readonly store: EventStore,
    private readonly models: SettlementModels,
  ) {
    this.#positions = new PositionKeeper(store);
  }

  /** @param ref as the hold was asked for: `drawRefOf` the party */
  async answered(ref: string, holdId: string, refusedWith: string | undefined, messageId: string): Promise<void> {
    const party = ref.replace('.', ':');
    const requested = await this.#positions.askedUnder(party, holdId);
    if (!requested) throw new Error(`the ledger answered about ${holdId}, which ${party} was never asked for`);
    const { event, position } = requested;
    const refusal =
      event.type === 'LiquidityDrawRequested'
        ? await this.#draw(event, position, refusedWith, messageId)
        : await this.#exchange(event, position, refusedWith, messageId);
    if (refusal !== undefined) throw new Error(`the ledger answered about ${holdId}, which cannot take it: ${refusal}`);
  }

  async #draw(
    { party, settlementId, currency, holdId }: LiquidityDrawRequested,
    askedAt: bigint,
    refusedWith: string | undefined,
    messageId: string,
  ): Promise<string | undefined> {
    const model = (await this.models.partyModels(currency)).now(party);
    const command =
      refusedWith === undefined
        ? ({ type: 'RecordDraw', holdId } as const)
        : ({ type: 'RecordDrawRefusal', holdId, code: refusedWith, model } as const);
    const handled = await this.#positions.answer({ settlementId, cutOff: askedAt - 1n }, party, command, {
      commandId: `message ${messageId}`,
    });
    return handled.outcome === 'refused' ? handled.refusal : undefined;
  }

  async #exchange(
    { type, party, settlementId, holdId }: ExchangeFundsRequested | ExchangeRequested,
    askedAt: bigint,
    refusedWith: string | undefined,
    messageId: string,
  ): Promise<string | undefined> {
    const command =
      type === 'ExchangeFundsRequested'
        ? await this.#fundsCommand(settlementId, holdId, refusedWith)
        : refusedWith === undefined
          ? ({ type: 'RecordExchange', holdId } as const)
          : ({ type: 'RecordExchangeRefusal', holdId, code: refusedWith } as const);
    const handled = await this.#positions.decide<ExchangeRefusal>(
      { settlementId, cutOff: askedAt - 1n },
      party,
      ({ exchange }) => decideExchange(command, exchange),
      { commandId: `message ${messageId}` },
    );
    return handled.outcome === 'refused' ? handled.refusal : undefined;
  }

  /** An abort that comes after this look finds the ask, and releases the hold itself. */
  async #fundsCommand(settlementId: string, holdId: string, refusedWith: string | undefined): Promise<ExchangeCommand> {
    if (refusedWith !== undefined) return { type: 'RecordFundsRefusal', holdId, code: refusedWith };
    const { state } = await load(this.store, settlementStream(settlementId), settlementFold);
    return { type: 'RecordFunds', holdId, isOver: state.status === 'aborted' };
  }
}
