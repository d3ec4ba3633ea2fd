import { integer, list, text, type Recorded } from './record.js';

interface Seen {
  requested?: bigint;
  captured: number;
  capturedMinor: bigint;
  refundedMinor: bigint;
  refunds: Set<string>;
  settledBy: Set<string>;
  types: string[];
}

/** Every payment's own story: requested once, captured at most once and for what was asked, never refunded by more, each refund and each settlement once. */
export function auditPayments(recorded: readonly Recorded[]): { problems: string[]; payments: number; captured: number } {
  const problems: string[] = [];
  const payments = new Map<string, Seen>();
  for (const event of recorded) {
    if (!event.stream.startsWith('payment-')) continue;
    const seen = payments.get(event.stream) ?? {
      captured: 0,
      capturedMinor: 0n,
      refundedMinor: 0n,
      refunds: new Set(),
      settledBy: new Set(),
      types: [],
    };
    payments.set(event.stream, seen);
    if (event.revision !== seen.types.length)
      problems.push(`${event.stream} has revision ${event.revision} where ${seen.types.length} follows`);
    seen.types.push(event.type);
    follow(event, seen, (problem) => problems.push(`${event.stream}: ${problem}`));
  }
  const captured = [...payments.values()].filter((each) => each.captured > 0).length;
  return { problems, payments: payments.size, captured };
}

function follow({ type, data }: Recorded, seen: Seen, found: (problem: string) => void): void {
  switch (type) {
    case 'PaymentRequested':
      if (seen.requested !== undefined) found('requested twice');
      seen.requested = integer(data, 'amountMinor');
      break;
    case 'PaymentCaptured':
      seen.captured += 1;
      seen.capturedMinor = integer(data, 'amountMinor');
      if (seen.captured > 1) found('captured twice');
      if (seen.capturedMinor !== seen.requested) found(`captured ${seen.capturedMinor} where ${String(seen.requested)} was asked`);
      break;
    case 'ConflictResolved':
      if (data['resolution'] === 'accepted') {
        seen.captured += 1;
        seen.capturedMinor = integer(data, 'amountMinor');
        if (seen.captured > 1) found('captured twice');
      }
      break;
    case 'PaymentRefunded': {
      const refundId = text(data, 'refundId');
      if (seen.refunds.has(refundId)) found(`${refundId} was given back twice`);
      seen.refunds.add(refundId);
      seen.refundedMinor += integer(data, 'amountMinor');
      if (seen.refundedMinor > seen.capturedMinor) found(`${seen.refundedMinor} went back of ${seen.capturedMinor}`);
      break;
    }
    case 'PaymentSettled': {
      const key = `${text(data, 'settlementId')} ${text(data, 'windowId')} ${list(data, 'sides')
        .map((side) => text(side, 'party'))
        .sort()
        .join()}`;
      if (seen.settledBy.has(key)) found(`told twice of ${key}`);
      seen.settledBy.add(key);
      break;
    }
    default:
  }
}
