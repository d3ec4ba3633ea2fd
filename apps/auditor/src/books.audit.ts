import { integer, list, optionalText, Sums, text, transferLine, type Json, type Recorded } from './record.js';

/** Which facts move money, and what they say they move. Written down from the rules of posting in docs, not from the ledger's code. */
function transfersOf({ type, data }: Recorded): { ref: string; lines: string[] } | undefined {
  const currency = (): string => text(data, 'currency');
  const amount = (): bigint => integer(data, 'amountMinor');
  const lines = (transfers: Json[]) => transfers.filter((each) => each['external'] !== true).map((each) => transferLine(each, currency()));
  const one = (ref: string, from: string, to: string) => ({ ref: text(data, ref), lines: [`${from} > ${to} ${amount()} ${currency()}`] });
  const provider = () => `provider:${text(data, 'provider')}`;
  switch (type) {
    case 'PaymentCaptured':
      return { ref: text(data, 'paymentId'), lines: lines(list(data, 'split')) };
    case 'PaymentRefunded':
    case 'ConflictResolved':
      return { ref: text(data, 'paymentId'), lines: lines(list(data, 'transfers')) };
    case 'CaptureConflicted':
    case 'LateCaptureFound':
      return one('paymentId', provider(), 'hub:suspense');
    case 'LateCaptureRefunded':
      return one('paymentId', 'hub:suspense', provider());
    case 'TopUpCaptured':
      return one('topUpId', provider(), `user:${text(data, 'userId')}:wallet`);
    case 'TopUpConflicted':
      return one('topUpId', provider(), 'hub:suspense');
    case 'PayoutInstructed':
      return data['direction'] === 'payout' ? one('payoutId', text(data, 'party'), transit(data)) : undefined;
    case 'PayoutConfirmed':
      return data['direction'] === 'payout' ? one('payoutId', transit(data), bank(data)) : one('payoutId', bank(data), text(data, 'party'));
    case 'PayoutFailed':
      return data['direction'] === 'payout' ? one('payoutId', transit(data), text(data, 'party')) : undefined;
    case 'PayoutReturned':
      return data['direction'] === 'payout'
        ? one('payoutId', bank(data), text(data, 'party'))
        : one('payoutId', text(data, 'party'), bank(data));
    default:
      return undefined;
  }
}

const transit = (data: Json): string => `transit:${text(data, 'payoutId')}`;
const bank = (data: Json): string => `bank:${text(data, 'bank')}`;

export interface Books {
  problems: string[];
  /** Sum of all entries by `account currency`. */
  balances: Sums;
  entries: number;
}

/** The journal against the facts: numbers without a gap, each fact posted exactly once and as it says, nothing posted that is no fact or command. */
export function auditBooks(recorded: readonly Recorded[]): Books {
  const problems: string[] = [];
  const balances = new Sums();
  const posted = new Map<bigint, string[]>();
  const facts = new Map<bigint, { event: Recorded; lines: string[] }>();
  let next = 0n;
  let reached = 0n;
  let epoch = 0n;
  for (const event of recorded) {
    if (event.type === 'EntriesPosted') {
      if (event.data['firstEntry'] !== undefined && list(event.data, 'entries').length > 0 && integer(event.data, 'firstEntry') !== next)
        problems.push(`journal revision ${event.revision} begins with entry ${integer(event.data, 'firstEntry')} where ${next} follows`);
      const source = BigInt(text(event.data, 'sourcePosition'));
      if (source < reached) problems.push(`journal revision ${event.revision} goes back from fact ${reached} to ${source}`);
      if (source >= event.position) problems.push(`journal revision ${event.revision} claims facts up to ${source}, later than itself`);
      reached = source;
      if (integer(event.data, 'epoch') < epoch) problems.push(`journal revision ${event.revision} was written in an epoch that was over`);
      epoch = integer(event.data, 'epoch');
      for (const entry of list(event.data, 'entries')) {
        const lines = list(entry, 'transfers').map((each) => postTransfer(balances, each));
        const position = optionalText(entry, 'position');
        if (position !== undefined) {
          if (posted.has(BigInt(position))) problems.push(`the fact at ${position} is posted twice, again as entry ${next}`);
          posted.set(BigInt(position), lines);
        }
        next += 1n;
      }
    } else {
      const movement = transfersOf(event);
      const lines = movement?.lines.filter((line) => !line.includes(' 0 ')) ?? [];
      if (lines.length > 0) facts.set(event.position, { event, lines });
    }
  }
  for (const [position, { event, lines }] of facts) {
    if (position > reached) continue;
    const entry = posted.get(position);
    if (!entry) problems.push(`${event.type} of ${event.stream} at ${position} is not in the books, which are at ${reached}`);
    else if (entry.join('\n') !== lines.join('\n'))
      problems.push(`${event.type} of ${event.stream} at ${position} says ${lines.join('; ')} and the books have ${entry.join('; ')}`);
  }
  const pending = [...facts.keys()].filter((position) => position > reached).length;
  if (pending > 0) problems.push(`${pending} facts wait for the books`);
  return { problems: [...problems, ...unbalanced(balances)], balances, entries: Number(next) };
}

function postTransfer(balances: Sums, transfer: Json): string {
  const currency = text(transfer, 'currency');
  const amount = integer(transfer, 'amountMinor');
  if (amount <= 0n) throw new Error(`a transfer of ${amount} is in the journal`);
  balances.add(`${text(transfer, 'from')} ${currency}`, -amount);
  balances.add(`${text(transfer, 'to')} ${currency}`, amount);
  return transferLine(transfer, currency);
}

function unbalanced(balances: Sums): string[] {
  const totals = new Sums();
  for (const [key, amount] of balances.entries()) totals.add(key.slice(key.lastIndexOf(' ') + 1), amount);
  return totals
    .entries()
    .flatMap(([currency, total]) => (total === 0n ? [] : [`all accounts in ${currency} come to ${total}, not to nothing`]));
}
