import { ClientMoney } from './client-money.js';
import { postingOf } from './postings.js';
import { integer, list, optionalText, Sums, text, transferLine, type Json, type Recorded } from './record.js';

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
  const clients = new ClientMoney();
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
        const lines = list(entry, 'transfers').map((each) => postTransfer(balances, clients, each));
        if (['PayoutInstructed', 'WithdrawalInstructed'].includes(text(entry, 'kind'))) problems.push(...clients.uncovered(entry));
        const position = optionalText(entry, 'position');
        if (position !== undefined) {
          if (posted.has(BigInt(position))) problems.push(`the fact at ${position} is posted twice, again as entry ${next}`);
          posted.set(BigInt(position), lines);
        }
        next += 1n;
      }
    } else {
      const lines = postingOf(event)?.lines.filter((line) => !line.includes(' 0 ')) ?? [];
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

function postTransfer(balances: Sums, clients: ClientMoney, transfer: Json): string {
  const currency = text(transfer, 'currency');
  const amount = integer(transfer, 'amountMinor');
  if (amount <= 0n) throw new Error(`a transfer of ${amount} is in the journal`);
  for (const [account, change] of [
    [text(transfer, 'from'), -amount],
    [text(transfer, 'to'), amount],
  ] as const) {
    const before = balances.get(`${account} ${currency}`);
    balances.add(`${account} ${currency}`, change);
    clients.changed(account, currency, before, before + change);
  }
  return transferLine(transfer, currency);
}

function unbalanced(balances: Sums): string[] {
  const totals = new Sums();
  for (const [key, amount] of balances.entries()) totals.add(key.slice(key.lastIndexOf(' ') + 1), amount);
  return totals
    .entries()
    .flatMap(([currency, total]) => (total === 0n ? [] : [`all accounts in ${currency} come to ${total}, not to nothing`]));
}
