import { integer, list, Sums, text, type Json, type Recorded } from './record.js';

interface Window {
  windowId: string;
  currency: string;
  /** Sums by party of the sides of transfers that lie in it. */
  nets: Sums;
  sides: Sums;
  claimedBy?: string;
  settledBy?: string;
}

interface Open {
  nets: Sums;
  sides: Sums;
}

/**
 * Windows, settlements and payouts, computed again from the facts: each side of each transfer lies in the window that was open at its place in the log,
 * a settlement's nets are the sums of its windows, a window is settled once, a payout is instructed and confirmed at most once each time.
 */
export function auditSettlements(recorded: readonly Recorded[]): {
  problems: string[];
  windows: number;
  settlements: number;
  payouts: number;
} {
  const problems: string[] = [];
  const open = new Map<string, Open>();
  const windows = new Map<string, Window>();
  const settled = new Set<string>();
  const payouts = new Map<string, string[]>();
  const openOf = (currency: string): Open => {
    const found = open.get(currency) ?? { nets: new Sums(), sides: new Sums() };
    open.set(currency, found);
    return found;
  };
  for (const event of recorded) {
    const { type, data } = event;
    for (const [party, amount] of sidesOf(event)) {
      const { nets, sides } = openOf(text(data, 'currency'));
      nets.add(party, amount);
      sides.add(party, 1n);
    }
    if (type === 'WindowClosed') {
      const windowId = text(data, 'windowId');
      const currency = text(data, 'currency');
      if (windows.has(windowId)) problems.push(`${windowId} was closed twice`);
      windows.set(windowId, { windowId, currency, ...openOf(currency) });
      open.delete(currency);
    } else if (type === 'WindowSettled') {
      const window = windows.get(text(data, 'windowId'));
      if (!window) problems.push(`${text(data, 'windowId')} was settled before it was closed`);
      else if (window.settledBy !== undefined)
        problems.push(`${window.windowId} was settled by ${window.settledBy} and by ${text(data, 'settlementId')}`);
      else window.settledBy = text(data, 'settlementId');
    } else if (type === 'SettlementCalculated') problems.push(...auditNets(data, windows));
    else if (type === 'SettlementSettled') {
      const settlementId = text(data, 'settlementId');
      if (settled.has(settlementId)) problems.push(`${settlementId} was settled twice`);
      settled.add(settlementId);
    } else if (type.startsWith('Payout')) {
      const payoutId = text(data, 'payoutId');
      payouts.set(payoutId, [...(payouts.get(payoutId) ?? []), type]);
    }
  }
  for (const [payoutId, story] of payouts) problems.push(...auditPayout(payoutId, story));
  return { problems, windows: windows.size, settlements: settled.size, payouts: payouts.size };
}

/** What every party has of the transfers that count for windows. */
function* sidesOf({ type, data }: Recorded): Generator<[string, bigint]> {
  const transfers =
    type === 'PaymentCaptured' || (type === 'ConflictResolved' && data['resolution'] === 'accepted')
      ? list(data, 'split')
      : type === 'PaymentRefunded'
        ? list(data, 'transfers')
        : [];
  for (const transfer of transfers) {
    const [from, to, amount] = [text(transfer, 'from'), text(transfer, 'to'), integer(transfer, 'amountMinor')];
    if (transfer['external'] === true || from === to || amount === 0n) continue;
    if (isParty(from)) yield [from, -amount];
    if (isParty(to)) yield [to, amount];
  }
}

const isParty = (account: string): boolean => account.startsWith('platform:') || account.startsWith('creator:');

function auditNets(data: Json, windows: ReadonlyMap<string, Window>): string[] {
  const settlementId = text(data, 'settlementId');
  const nets = new Sums();
  const sides = new Sums();
  // A list of texts.
  for (const windowId of data['windowIds'] as string[]) {
    const window = windows.get(windowId);
    if (!window) return [`${settlementId} was calculated over ${windowId}, which was not closed`];
    for (const [party, amount] of window.nets.entries()) nets.add(party, amount);
    for (const [party, count] of window.sides.entries()) sides.add(party, count);
  }
  const problems: string[] = [];
  const parties = new Set<string>();
  for (const row of list(data, 'parties')) {
    const party = text(row, 'party');
    parties.add(party);
    if (integer(row, 'netMinor') !== nets.get(party))
      problems.push(`${settlementId}: ${party} has a net of ${integer(row, 'netMinor')}, its facts come to ${nets.get(party)}`);
    if (integer(row, 'sides') !== sides.get(party))
      problems.push(`${settlementId}: ${party} has ${integer(row, 'sides')} sides, the facts have ${sides.get(party)}`);
    if (integer(row, 'payableMinor') !== integer(row, 'carriedInMinor') + integer(row, 'netMinor'))
      problems.push(`${settlementId}: the payable of ${party} is not carried in + net`);
  }
  for (const party of nets.keys()) if (!parties.has(party)) problems.push(`${settlementId} leaves out ${party}`);
  return problems;
}

/** Money may go out again only after the bank failed or returned it. */
function auditPayout(payoutId: string, story: readonly string[]): string[] {
  const problems: string[] = [];
  let out = 0;
  let confirmed = 0;
  for (const type of story) {
    if (type === 'PayoutInstructed') out += 1;
    if (type === 'PayoutConfirmed') confirmed += 1;
    if (type === 'PayoutFailed' || type === 'PayoutReturned') {
      out -= 1;
      if (type === 'PayoutReturned') confirmed -= 1;
    }
    if (out > 1) problems.push(`${payoutId} was instructed while it was on its way: ${story.join(', ')}`);
    if (confirmed > 1) problems.push(`${payoutId} was confirmed twice: ${story.join(', ')}`);
  }
  return problems;
}
