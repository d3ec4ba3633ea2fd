import { account, type JournalEntry } from '@tongbao/contracts';
import type { FinanceRows } from './finance.rows.js';
import type { RowOf } from './finance.tables.js';

const lined = ['transit:', 'dispute:', 'reserve:'];

/** Accounts whose balance is explained line by line: money that is on its way, that is withheld, or that nobody has explained. */
const hasLines = (name: string): boolean => name === account.suspense || lined.some((prefix) => name.startsWith(prefix));

/**
 * What waits, as the ledger has posted it. A correction belongs to the line of what it corrects, whatever its own subject.
 * @param corrected the entry that this one corrects, where that touched such an account
 */
export async function foldOpenLines(
  entry: JournalEntry,
  corrected: RowOf<'lineEntries'> | undefined,
  { number, at }: { number: number; at: string },
  rows: FinanceRows,
): Promise<void> {
  const touching = entry.transfers.filter(({ from, to }) => hasLines(from) || hasLines(to));
  if (touching.length === 0) return;
  const ref = corrected?.ref ?? entry.ref;
  rows.put('lineEntries', { entry: number, kind: entry.kind, ref });
  for (const { from, to, amountMinor, currency } of touching) {
    await addTo(from, -BigInt(amountMinor), { ref, currency, kind: entry.kind, since: at }, rows);
    await addTo(to, BigInt(amountMinor), { ref, currency, kind: entry.kind, since: at }, rows);
  }
}

interface Line {
  ref: string;
  currency: string;
  kind: string;
  since: string;
}

async function addTo(name: string, delta: bigint, line: Line, rows: FinanceRows): Promise<void> {
  if (!hasLines(name)) return;
  // What a settlement withheld another one releases: a reserve is one line.
  const ref = name.startsWith('reserve:') ? '' : line.ref;
  const { currency } = line;
  const known = await rows.get('openLines', name, currency, ref);
  const amountMinor = (known?.amountMinor ?? 0n) + delta;
  if (amountMinor === 0n) rows.delete('openLines', name, currency, ref);
  else rows.put('openLines', { ...(known ?? { ...line, account: name, ref }), amountMinor });
}
