/** Facts of a `window-<windowId>` stream. Written by settlement. */
export type WindowEvent = WindowOpened | WindowClosed | WindowClaimed | WindowReleased | WindowSettled;

interface WindowReference {
  windowId: string;
  model: string;
  currency: string;
  sequence: number;
}

export interface WindowOpened extends WindowReference {
  type: 'WindowOpened';
  openedAt: string;
}

/** Its own log position is the cut-off: the window is the span (previous WindowClosed, this one] of its model and currency. */
export interface WindowClosed extends WindowReference {
  type: 'WindowClosed';
  nextWindowId: string;
  closedAt: string;
  by: string;
}

/** A settlement has taken the window; no other may. */
export interface WindowClaimed extends WindowReference {
  type: 'WindowClaimed';
  settlementId: string;
}

export interface WindowReleased extends WindowReference {
  type: 'WindowReleased';
  settlementId: string;
}

export interface WindowSettled extends WindowReference {
  type: 'WindowSettled';
  settlementId: string;
}
