import type { WindowEvent } from '@tongbao/contracts';
import type { Fold } from '@tongbao/event-store';

/** A window as its own stream tells it. */
export type WindowState = { status: 'none' } | Window;

export interface Window {
  status: 'open' | 'closed' | 'settling' | 'settled';
  windowId: string;
  model: string;
  currency: string;
  sequence: number;
  /** Who has claimed or settled it. */
  settlementId?: string;
}

export const windowStream = (windowId: string): string => `window-${windowId}`;

export const windowFold: Fold<WindowState, WindowEvent> = { initial: { status: 'none' }, evolve };

function evolve(_: WindowState, event: WindowEvent): WindowState {
  const { windowId, model, currency, sequence } = event;
  const window = { windowId, model, currency, sequence };
  switch (event.type) {
    case 'WindowOpened':
      return { ...window, status: 'open' };
    case 'WindowClosed':
    case 'WindowReleased':
      return { ...window, status: 'closed' };
    case 'WindowClaimed':
      return { ...window, status: 'settling', settlementId: event.settlementId };
    case 'WindowSettled':
      return { ...window, status: 'settled', settlementId: event.settlementId };
    default:
      return event satisfies never;
  }
}
