import type { Count, CurrencyCode, HubId, Timestamp } from '../values.js';

/** Facts of a `window-<windowId>` stream. Written by settlement. */
export type WindowEvent = WindowOpened | WindowClosed | WindowClaimed | WindowReleased | WindowSettled;

interface WindowReference {
  windowId: HubId;
  model: string;
  currency: CurrencyCode;
  sequence: Count;
}

export interface WindowOpened extends WindowReference {
  type: 'WindowOpened';
  openedAt: Timestamp;
}

/** Its own log position is the cut-off: the window is the span (previous WindowClosed, this one] of its model and currency. */
export interface WindowClosed extends WindowReference {
  type: 'WindowClosed';
  nextWindowId: HubId;
  closedAt: Timestamp;
  by: string;
}

/** A settlement has taken the window; no other may. */
export interface WindowClaimed extends WindowReference {
  type: 'WindowClaimed';
  settlementId: HubId;
}

export interface WindowReleased extends WindowReference {
  type: 'WindowReleased';
  settlementId: HubId;
}

export interface WindowSettled extends WindowReference {
  type: 'WindowSettled';
  settlementId: HubId;
}
