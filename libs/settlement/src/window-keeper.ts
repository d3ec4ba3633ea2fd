import type { WindowEvent } from '@tongbao/contracts';
import { handle, load, type AppendContext, type EventStore, type Handled } from '@tongbao/event-store';
import type { Clock } from '@tongbao/service';
import { windowIdOf } from './models.js';
import { pastAbort } from './settlement.decide.js';
import { settlementFold, settlementStream } from './settlement.js';
import type { SettlementQueries } from './settlement.queries.js';
import { decideWindow, type PreviousWindow, type WindowCommand, type WindowRefusal } from './window.decide.js';
import { windowFold, windowStream, type WindowState } from './window.js';

type HandledWindow = Handled<WindowState, WindowEvent, WindowRefusal>;

/** What is done to windows: each is one append to the window's own stream. */
export class WindowKeeper {
  constructor(
    private readonly store: EventStore,
    private readonly clock: Clock,
  ) {}

  /** Opens what should be open: the first window of each model, and the next one where a close was cut short. */
  async openCurrent(queries: SettlementQueries): Promise<void> {
    const current = await queries.currentWindows();
    for (const { name: model, currency } of await queries.models()) {
      const row = current.find((each) => each.model === model && each.currency === currency);
      await this.open(model, currency, row?.sequence ?? 1);
    }
  }

  async open(model: string, currency: string, sequence: number): Promise<void> {
    const windowId = windowIdOf(model, currency, sequence);
    await this.#handle(windowId, { type: 'OpenWindow', model, currency, sequence, now: this.#now() }, { commandId: `${windowId} open` });
  }

  /** Closes a window and opens the next one. The place of its WindowClosed in the log is the cut-off: what comes after it is the next one's. */
  async close(windowId: string, by: string, commandId: string): Promise<HandledWindow> {
    const handled = await this.#handle(windowId, { type: 'CloseWindow', by, now: this.#now() }, { commandId, actor: by });
    const { state } = handled;
    if (handled.outcome === 'accepted' && state.status !== 'none') await this.open(state.model, state.currency, state.sequence + 1);
    return handled;
  }

  /** @returns why it cannot be had, or undefined once it is the settlement's */
  async claim(windowId: string, settlement: { settlementId: string; windowIds: readonly string[] }): Promise<WindowRefusal | undefined> {
    const { settlementId } = settlement;
    const command = await this.claimCommand(windowId, settlement);
    const handled = await this.#handle(windowId, command, { commandId: `${settlementId} claim`, correlationId: settlementId });
    return handled.outcome === 'refused' ? handled.refusal : undefined;
  }

  /** Why a window could not be claimed now, were it asked for. */
  async claimRefusal(
    windowId: string,
    settlement: { settlementId: string; windowIds: readonly string[] },
  ): Promise<WindowRefusal | undefined> {
    const { state } = await load(this.store, windowStream(windowId), windowFold);
    const decision = decideWindow(await this.claimCommand(windowId, settlement), state);
    return 'refused' in decision ? decision.refused : undefined;
  }

  /** Gives a window back; one that the settlement does not have is left alone. */
  async release(windowId: string, settlementId: string): Promise<void> {
    const context = { commandId: `${settlementId} release`, correlationId: settlementId };
    const handled = await this.#handle(windowId, { type: 'ReleaseWindow', settlementId }, context);
    if (handled.outcome === 'refused' && handled.refusal === 'state_conflict')
      throw new Error(`${settlementId} is aborted and has settled ${windowId}`);
  }

  async settle(windowId: string, settlementId: string): Promise<void> {
    const context = { commandId: `${settlementId} settle`, correlationId: settlementId };
    const handled = await this.#handle(windowId, { type: 'SettleWindow', settlementId }, context);
    if (handled.outcome === 'refused') throw new Error(`${settlementId} cannot settle ${windowId}: ${handled.refusal}`);
  }

  load(windowId: string): Promise<WindowState> {
    return load(this.store, windowStream(windowId), windowFold).then(({ state }) => state);
  }

  async claimCommand(
    windowId: string,
    { settlementId, windowIds }: { settlementId: string; windowIds: readonly string[] },
  ): Promise<WindowCommand> {
    return { type: 'ClaimWindow', settlementId, previous: await this.#previousOf(windowId, windowIds) };
  }

  /** Once past abort, a settlement never comes back: what this answers can only change for the better. */
  async #previousOf(windowId: string, together: readonly string[]): Promise<PreviousWindow> {
    const window = await this.load(windowId);
    if (window.status === 'none' || window.sequence === 1) return 'none';
    const previousId = windowIdOf(window.model, window.currency, window.sequence - 1);
    if (together.includes(previousId)) return 'same_settlement';
    const previous = await this.load(previousId);
    if (previous.status === 'none') throw new Error(`${windowId} has no window before it`);
    if (previous.status === 'settled') return 'settled';
    if (previous.settlementId === undefined) return 'unsettled';
    const { state } = await load(this.store, settlementStream(previous.settlementId), settlementFold);
    return state.status !== 'none' && pastAbort.includes(state.status) ? 'past_abort' : 'unsettled';
  }

  #handle(windowId: string, command: WindowCommand, context: AppendContext): Promise<HandledWindow> {
    return handle<WindowState, WindowEvent, WindowRefusal>(
      this.store,
      windowStream(windowId),
      windowFold,
      (state) => decideWindow(command, state),
      context,
    );
  }

  #now(): string {
    return this.clock.now().toISOString();
  }
}
