import { integer, list, text, type Json, type Recorded } from './record.js';
import type { Settlement } from './settlements.audit.js';
import type { Windows } from './windows.js';

/** Each payment of a settled window is told of all its sides there, once by the settlement and once on its own stream, and nothing else is told. */
export function auditTold(recorded: readonly Recorded[], settlements: ReadonlyMap<string, Settlement>, windows: Windows): string[] {
  const problems: string[] = [];
  const told = { PaymentSidesSettled: new Map<string, string>(), PaymentSettled: new Map<string, string>() };
  const tell = (type: keyof typeof told, data: Json, payment: Json) => {
    const key = `${text(payment, 'paymentId')} in ${text(data, 'windowId')} by ${text(data, 'settlementId')}`;
    if (told[type].has(key)) problems.push(`${type} says twice ${key}`);
    told[type].set(key, sidesText(list(payment, 'sides').map((side) => [text(side, 'party'), integer(side, 'netMinor')])));
  };
  for (const { type, data } of recorded) {
    if (type === 'PaymentSidesSettled') for (const payment of list(data, 'payments')) tell(type, data, payment);
    else if (type === 'PaymentSettled') tell(type, data, data);
  }
  const expected = expectedOf(settlements, windows);
  for (const [type, found] of Object.entries(told)) {
    for (const [key, sides] of found) {
      const right = expected.sides.get(key);
      if (right !== sides) problems.push(`${type} says ${sides} of ${key}, its facts ${right ?? 'say nothing'}`);
    }
    for (const [key, sides] of expected.sides) if (expected.isDone(key) && !found.has(key)) problems.push(`no ${type} of ${key}: ${sides}`);
  }
  return problems;
}

function expectedOf(settlements: ReadonlyMap<string, Settlement>, windows: Windows) {
  const sides = new Map<string, string>();
  const done = new Set<string>();
  for (const { settlementId, windowIds, isSettled, isMarked } of settlements.values()) {
    if (!isSettled) continue;
    for (const windowId of windowIds)
      for (const [paymentId, nets] of windows.closed.get(windowId)?.payments ?? []) {
        const key = `${paymentId} in ${windowId} by ${settlementId}`;
        sides.set(key, sidesText(nets.entries()));
        if (isMarked) done.add(key);
      }
  }
  return { sides, isDone: (key: string) => done.has(key) };
}

const sidesText = (sides: readonly (readonly [string, bigint])[]): string =>
  sides
    .map(([party, amount]) => `${party} ${amount}`)
    .sort()
    .join(', ');
