import type { PartyModels } from './models.js';
import { defaultModel } from './models.js';

/** One model after another: each holds until the cut-off of the window that is named, the last one until further notice. */
export interface AssignmentStep {
  model: string;
  /** The last window of this model that takes the party's sides in; null for the last step. */
  lastWindowId: string | null;
}

/** Cut-off of a window; undefined while it is open. */
export type CutOffOf = (windowId: string) => bigint | undefined;

/** By which model a party is settled at a place of the log: the first whose last window is open, or closed there or later. */
export function modelAt(steps: readonly AssignmentStep[], position: bigint, cutOffOf: CutOffOf): string {
  for (const { model, lastWindowId } of steps) {
    const cutOff = lastWindowId === null ? undefined : cutOffOf(lastWindowId);
    if (cutOff === undefined || position <= cutOff) return model;
  }
  return defaultModel;
}

/** The assignments of one currency, and the cut-offs that they speak of. */
export class AssignedModels implements PartyModels {
  constructor(
    private readonly steps: ReadonlyMap<string, readonly AssignmentStep[]>,
    private readonly cutOffs: ReadonlyMap<string, bigint>,
  ) {}

  at(party: string, position: bigint): string {
    return modelAt(this.steps.get(party) ?? [], position, (windowId) => this.cutOffs.get(windowId));
  }

  now(party: string): string {
    const steps = this.steps.get(party) ?? [];
    return steps.find(({ lastWindowId }) => lastWindowId === null || !this.cutOffs.has(lastWindowId))?.model ?? defaultModel;
  }
}
