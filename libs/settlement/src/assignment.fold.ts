import type { AssignmentEvent, PartyModelSet } from '@tongbao/contracts';
import type { AssignmentStep } from './assignment.history.js';
import { defaultModel } from './models.js';
import type { RowOf, SettlementRows } from './settlement.rows.js';
import { currentWindow } from './window.rows.js';

/** Who is settled by which model. A party that was never put on one has no row, so that it costs nothing more than to find that out. */
export async function foldAssignment(event: AssignmentEvent, rows: SettlementRows): Promise<void> {
  const { party, currency } = event;
  const none: RowOf<'partyModels'> = { party, currency, steps: [], payIn: null, proposed: null };
  const known = (await rows.get('partyModels', party, currency)) ?? none;
  if (event.type === 'PartyModelProposed') rows.put('partyModels', { ...known, proposed: event });
  else {
    const steps = await stepsAfter(known.steps, event, rows);
    rows.put('partyModels', { ...known, proposed: null, payIn: event.payIn ?? null, steps });
  }
}

/**
 * The new model begins where the window ends that takes the party in now. Until then it may become another one, or none: the party stays where
 * it is.
 */
async function stepsAfter(
  steps: readonly AssignmentStep[],
  { currency, model }: PartyModelSet,
  rows: SettlementRows,
): Promise<AssignmentStep[]> {
  const past: AssignmentStep[] = [];
  for (const step of steps) {
    if (!(await isOver(step, rows))) break;
    past.push(step);
  }
  const present = steps[past.length]?.model ?? defaultModel;
  if (present === model) return [...past, { model, lastWindowId: null }];
  const { windowId } = await currentWindow(rows, present, currency);
  return [...past, { model: present, lastWindowId: windowId }, { model, lastWindowId: null }];
}

/**
 * The model of a party's sides.
 * @param position of the fact, where it may be an older one than what is folded now; what comes now when it is left out
 */
export async function modelOf(rows: SettlementRows, party: string, currency: string, position?: bigint): Promise<string> {
  const assigned = await rows.get('partyModels', party, currency);
  for (const step of assigned?.steps ?? []) if (!(await isOver(step, rows, position))) return step.model;
  return defaultModel;
}

async function isOver({ lastWindowId }: AssignmentStep, rows: SettlementRows, position?: bigint): Promise<boolean> {
  if (lastWindowId === null) return false;
  const { cutOff } = await rows.require('windows', lastWindowId);
  return cutOff !== null && (position === undefined || position > cutOff);
}
