import type { EventStore } from '@tongbao/event-store';
import type { SettlementModels } from './models.js';
import { PositionKeeper } from './position.process.js';

/** What the ledger is asked for leave under, instead of a payout's id: the party, with a dot for its colon. */
export const drawRefOf = (party: string): string => party.replace(':', '.');

/** No id of a payout or withdrawal begins so. */
export const isDrawRef = (ref: string): boolean => /^(platform|creator)\./.test(ref);

/** What the ledger says of the holds that debts are drawn from prefunded money under. */
export class LiquidityDraws {
  readonly #positions: PositionKeeper;

  constructor(
    store: EventStore,
    private readonly models: SettlementModels,
  ) {
    this.#positions = new PositionKeeper(store);
  }

  /** @param ref as the hold was asked for: `drawRefOf` the party */
  async answered(ref: string, holdId: string, refusedWith: string | undefined, messageId: string): Promise<void> {
    const party = ref.replace('.', ':');
    const requested = await this.#positions.drawUnder(party, holdId);
    if (!requested) throw new Error(`the ledger answered about ${holdId}, which ${party} was never asked for`);
    const { settlementId, currency } = requested.event;
    const model = (await this.models.partyModels(currency)).now(party);
    const command =
      refusedWith === undefined
        ? ({ type: 'RecordDraw', holdId } as const)
        : ({ type: 'RecordDrawRefusal', holdId, code: refusedWith, model } as const);
    const handled = await this.#positions.answer({ settlementId, cutOff: requested.position - 1n }, party, command, {
      commandId: `message ${messageId}`,
    });
    if (handled.outcome === 'refused') throw new Error(`the ledger answered about ${holdId}, which cannot take it: ${handled.refusal}`);
  }
}
