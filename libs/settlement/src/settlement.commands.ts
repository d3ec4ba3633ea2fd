import type { ProblemCode, SettlementEvent } from '@tongbao/contracts';
import { handle, load, type EventStore } from '@tongbao/event-store';
import { Problem, type Answer, type Asked, type Clock } from '@tongbao/service';
import { decideSettlement, type SettlementCommand, type SettlementRefusal } from './settlement.decide.js';
import type { SettlementProcess } from './settlement.process.js';
import { settlementFold, settlementStream, type Settlement, type SettlementState } from './settlement.js';
import type { WindowKeeper } from './window-keeper.js';
import { windowStream, type Window } from './window.js';

/**
 * What operators ask of settlement.
 * @throws Problem with the refusal of the decider, for each of them
 */
export class SettlementCommands {
  constructor(
    private readonly store: EventStore,
    private readonly windows: WindowKeeper,
    private readonly process: SettlementProcess,
    private readonly clock: Clock,
  ) {}

  async closeWindow(windowId: string, { commandId, by }: Asked): Promise<Answer> {
    const stream = windowStream(windowId);
    const handled = await this.windows.close(windowId, by, commandId);
    if (handled.outcome === 'refused') await this.#unlessDone(stream, commandId, handled.refusal);
    return this.#answer(stream);
  }

  /** Asks for a settlement of windows that are closed, the oldest first; it goes on by itself. */
  async request(windowIds: readonly string[], { commandId, by }: Asked): Promise<Answer & { settlementId: string }> {
    const settlementId = `stl_${commandId.replace(/^cmd_/, '').slice(0, 20)}`;
    const stream = settlementStream(settlementId);
    const { state: earlier } = await load(this.store, stream, settlementFold);
    const windows = await this.#windowsInOrder(windowIds);
    const [first] = windows;
    const command: SettlementCommand = {
      type: 'RequestSettlement',
      settlementId,
      model: first?.model ?? '',
      currency: first?.currency ?? '',
      windowIds: windows.map(({ windowId }) => windowId),
      requestedBy: by,
      now: this.clock.now().toISOString(),
    };
    if (earlier.status === 'none') await this.#checkClaims(settlementId, command.windowIds);
    const state = await this.#decide(settlementId, command, { commandId, by });
    if (state.status === 'requested') await this.#claim(state);
    return { settlementId, ...(await this.#answer(stream)) };
  }

  /** @param movedMinor what whoever approves has seen that it pays out and collects in all; not checked where it is left out */
  async approve(settlementId: string, asked: Asked, movedMinor?: number): Promise<Answer> {
    const seen = movedMinor !== undefined && { movedMinor };
    await this.#decide(settlementId, { type: 'ApproveSettlement', by: asked.by, ...seen }, asked);
    return this.#answer(settlementStream(settlementId));
  }

  /** Compares one with the ledger again that was found to differ: its books have been mended. */
  async compareAgain(settlementId: string, asked: Asked): Promise<Answer> {
    await this.#decide(settlementId, { type: 'CompareAgain', by: asked.by }, asked);
    return this.#answer(settlementStream(settlementId));
  }

  async abort(settlementId: string, reason: string, asked: Asked): Promise<Answer> {
    await this.#decide(settlementId, { type: 'AbortSettlement', by: asked.by, reason }, asked);
    await this.process.advance(settlementId);
    return this.#answer(settlementStream(settlementId));
  }

  async #windowsInOrder(windowIds: readonly string[]): Promise<Window[]> {
    const windows: Window[] = [];
    for (const windowId of new Set(windowIds)) {
      const window = await this.windows.load(windowId);
      if (window.status === 'none') throw new Problem('not_found', `There is no window ${windowId}.`, 'windowIds');
      windows.push(window);
    }
    const differing = windows.find(({ model, currency }) => model !== windows[0]?.model || currency !== windows[0].currency);
    if (differing) throw new Problem('invalid', 'The windows of a settlement have one model and currency.', 'windowIds');
    return windows.sort((one, other) => one.sequence - other.sequence);
  }

  /** Refuses at once what could not be claimed, before there is a settlement to abort. */
  async #checkClaims(settlementId: string, windowIds: readonly string[]): Promise<void> {
    for (const windowId of windowIds) {
      const refusal = await this.windows.claimRefusal(windowId, { settlementId, windowIds });
      if (refusal) throw problemOf(refusal, windowId);
    }
  }

  /** Two that ask for the same window at once both pass the check; the second one is told so here. */
  async #claim(settlement: Settlement): Promise<void> {
    const refusal = await this.process.claim(settlement);
    if (!refusal) return;
    await this.process.advance(settlement.settlementId);
    throw problemOf(refusal);
  }

  async #decide(settlementId: string, command: SettlementCommand, { commandId, by }: Asked): Promise<SettlementState> {
    const stream = settlementStream(settlementId);
    const decide = (state: SettlementState) => decideSettlement(command, state);
    const context = { commandId, actor: by, correlationId: settlementId };
    const handled = await handle<SettlementState, SettlementEvent, SettlementRefusal>(this.store, stream, settlementFold, decide, context);
    if (handled.outcome === 'refused') await this.#unlessDone(stream, commandId, handled.refusal);
    return handled.state;
  }

  /** A command that is repeated after its effect finds a state that would refuse it: the stream says that it was the one. */
  async #unlessDone(stream: string, commandId: string, refusal: ProblemCode): Promise<void> {
    const events = await this.store.read(stream);
    if (!events.some(({ metadata }) => metadata.$causationId === commandId)) throw problemOf(refusal);
  }

  async #answer(stream: string): Promise<Answer> {
    const last = await this.store.readLast(stream);
    return { position: last?.position ?? 0n };
  }
}

const details: Partial<Record<ProblemCode, string>> = {
  not_found: 'There is no such window or settlement.',
  invalid: 'A settlement needs at least one window.',
  idempotency_key_reused: 'This Idempotency-Key was used for a settlement of other windows.',
  window_not_open: 'Only an open window can be closed.',
  window_not_closed: 'A window is settled after it is closed.',
  window_claimed: 'Another settlement has the window.',
  previous_window_unsettled: 'What is carried must be known: the window before it is settled first, or together with it.',
  settlement_past_abort: 'The first payout may be on its way: nothing can be taken back.',
  amount_differs: 'It pays out and collects another amount than that.',
  four_eyes: 'Whoever asked for a settlement may not approve it.',
  state_conflict: 'Not possible in its present state.',
};

const problemOf = (code: ProblemCode, about?: string): Problem =>
  new Problem(code, about === undefined ? (details[code] ?? code) : `${about}: ${details[code] ?? code}`);
