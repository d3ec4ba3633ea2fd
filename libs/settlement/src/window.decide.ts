import type { ProblemCode, WindowEvent } from '@tongbao/contracts';
import type { Decision } from '@tongbao/event-store';
import { windowIdOf } from './models.js';
import type { Window, WindowState } from './window.js';

export type WindowCommand =
  | { type: 'OpenWindow'; model: string; currency: string; sequence: number; now: string }
  | { type: 'CloseWindow'; by: string; now: string }
  | { type: 'ClaimWindow'; settlementId: string; previous: PreviousWindow }
  | { type: 'ReleaseWindow'; settlementId: string }
  | { type: 'SettleWindow'; settlementId: string };

/**
 * What stands before a window in its model and currency. What is carried must be known before the next window is settled, so a window comes
 * only after the one before it: that is settled, or its settlement can no longer be aborted, or it is settled together with this one.
 */
export type PreviousWindow = 'none' | 'same_settlement' | 'settled' | 'past_abort' | 'unsettled';

/** Why a command is refused. The order of `refusals` is the order of precedence: the first that applies answers. */
export type WindowRefusal = Extract<
  ProblemCode,
  'not_found' | 'window_not_open' | 'window_not_closed' | 'window_claimed' | 'state_conflict' | 'previous_window_unsettled'
>;

/** Decides a command on a window. One that finds its work done changes nothing and is no error, so that every step can be run again. */
export function decideWindow(command: WindowCommand, state: WindowState): Decision<WindowEvent, WindowRefusal> {
  if (command.type === 'OpenWindow') return { events: state.status === 'none' ? [opened(command)] : [] };
  if (isDone(command, state)) return { events: [] };
  const refusal = refusals.find(([, applies]) => applies(command, state));
  if (refusal) return { refused: refusal[0] };
  if (state.status === 'none') return { refused: 'not_found' };
  return { events: [outcomeOf(command, state)] };
}

type LaterCommand = Exclude<WindowCommand, { type: 'OpenWindow' }>;

const refusals: [WindowRefusal, (command: LaterCommand, state: WindowState) => boolean][] = [
  ['not_found', (_, state) => state.status === 'none'],
  ['window_not_open', (command, state) => command.type === 'CloseWindow' && state.status !== 'open'],
  ['window_not_closed', (command, state) => command.type !== 'CloseWindow' && state.status === 'open'],
  ['window_claimed', (command, state) => command.type !== 'CloseWindow' && belongsToAnother(command.settlementId, state)],
  ['state_conflict', (command, state) => command.type === 'ReleaseWindow' && state.status === 'settled'],
  ['state_conflict', (command, state) => command.type === 'SettleWindow' && state.status === 'closed'],
  ['previous_window_unsettled', (command) => command.type === 'ClaimWindow' && command.previous === 'unsettled'],
];

function isDone(command: LaterCommand, state: WindowState): boolean {
  switch (command.type) {
    case 'CloseWindow':
      return false;
    case 'ClaimWindow':
      return isOf(command.settlementId, state);
    case 'ReleaseWindow':
      return state.status === 'closed';
    case 'SettleWindow':
      return state.status === 'settled' && isOf(command.settlementId, state);
    default:
      return command satisfies never;
  }
}

const isOf = (settlementId: string, state: WindowState): boolean => state.status !== 'none' && state.settlementId === settlementId;

const belongsToAnother = (settlementId: string, state: WindowState): boolean =>
  state.status !== 'none' && state.settlementId !== undefined && state.settlementId !== settlementId;

function opened({ model, currency, sequence, now }: Extract<WindowCommand, { type: 'OpenWindow' }>): WindowEvent {
  return { type: 'WindowOpened', windowId: windowIdOf(model, currency, sequence), model, currency, sequence, openedAt: now };
}

function outcomeOf(command: LaterCommand, { windowId, model, currency, sequence }: Window): WindowEvent {
  const window = { windowId, model, currency, sequence };
  switch (command.type) {
    case 'CloseWindow':
      return {
        type: 'WindowClosed',
        ...window,
        nextWindowId: windowIdOf(model, currency, sequence + 1),
        closedAt: command.now,
        by: command.by,
      };
    case 'ClaimWindow':
      return { type: 'WindowClaimed', ...window, settlementId: command.settlementId };
    case 'ReleaseWindow':
      return { type: 'WindowReleased', ...window, settlementId: command.settlementId };
    case 'SettleWindow':
      return { type: 'WindowSettled', ...window, settlementId: command.settlementId };
    default:
      return command satisfies never;
  }
}
