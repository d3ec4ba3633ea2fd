import { formatMinor } from '@tongbao/money';
import { signed, sumOf } from './iso-values.js';
import { expand } from './movements.js';
import type { FindingCode, Problem } from './problem.js';
import type { Batch, StatementEntry, StatementHeader } from './statement.js';
import { at, child, pathOf, placeOf, type XmlNode } from './xml-node.js';

export type Finding = Problem<FindingCode>;

interface Tally {
  count: number;
  sumMinor: bigint;
}

/** What the entries of one statement come to, beside what the statement says they do. */
export class StatementSums {
  readonly credit: Tally = { count: 0, sumMinor: 0n };
  readonly debit: Tally = { count: 0, sumMinor: 0n };
  bookedEntries = 0;
  /** Of booked entries: credits less debits. */
  netMinor = 0n;

  add(entry: StatementEntry): void {
    const tally = this[entry.direction];
    tally.count++;
    tally.sumMinor += BigInt(entry.amountMinor);
    if (!entry.isBooked) return;
    this.bookedEntries++;
    this.netMinor += BigInt(signed(entry.amountMinor, entry.direction));
  }

  get entries(): number {
    return this.credit.count + this.debit.count;
  }
}

/** Whether the opening balance and the booked entries come to the closing balance. */
export function checkBalances(node: XmlNode, { opening, closing, currency }: StatementHeader, { netMinor }: StatementSums): Finding[] {
  const place = { path: `${pathOf(node)}/Bal`, line: node.line };
  if (opening === undefined || closing === undefined) {
    const missing = [
      ...(opening === undefined ? ['opening (OPBD, PRCD, ITBD)'] : []),
      ...(closing === undefined ? ['closing (CLBD, ITBD)'] : []),
    ];
    return [{ code: 'balance_missing', ...place, detail: `no ${missing.join(' and no ')} balance: the entries cannot be checked` }];
  }
  if (opening.currency !== closing.currency || opening.currency !== currency) {
    const detail = `opening in ${opening.currency}, closing in ${closing.currency}, account in ${currency ?? 'none'}`;
    return [{ code: 'balances_differ', ...place, detail }];
  }
  const expected = BigInt(opening.amountMinor) + netMinor;
  if (expected === BigInt(closing.amountMinor)) return [];
  const [before, entries, after, said] = [opening.amountMinor, netMinor, expected, closing.amountMinor].map((each) =>
    formatMinor(each, opening.currency),
  );
  const detail = `opening ${before} and booked entries ${entries} come to ${after}, closing says ${said} ${opening.currency}`;
  return [{ code: 'balances_differ', path: place.path, line: closing.line, detail }];
}

/** Whether the entries come to what `TxsSummry` says. On one page of several it speaks of all pages and is not compared. */
export function checkTotals(node: XmlNode, header: StatementHeader, sums: StatementSums): Finding[] {
  const { page } = header;
  const summary = child(node, 'TxsSummry');
  if (summary === undefined || (page !== undefined && !(page.number === 1 && page.isLast))) return [];
  const both = { count: sums.entries, sumMinor: sums.credit.sumMinor + sums.debit.sumMinor };
  return [
    ...checkTotal(child(summary, 'TtlNtries'), header, both),
    ...checkTotal(child(summary, 'TtlCdtNtries'), header, sums.credit),
    ...checkTotal(child(summary, 'TtlDbtNtries'), header, sums.debit),
    ...checkNet(at(summary, 'TtlNtries', 'TtlNetNtry'), header, sums.credit.sumMinor - sums.debit.sumMinor),
  ];
}

function checkTotal(node: XmlNode | undefined, { currency }: StatementHeader, { count, sumMinor }: Tally): Finding[] {
  const [countNode, sumNode] = [child(node, 'NbOfNtries'), child(node, 'Sum')];
  const findings: Finding[] = [];
  if (countNode !== undefined && BigInt(countNode.text) !== BigInt(count)) {
    findings.push({ code: 'count_differs', ...placeOf(countNode), detail: `says ${countNode.text}, there are ${count}` });
  }
  if (sumNode !== undefined && currency !== undefined) findings.push(...differs(sumNode, sumOf(sumNode, currency), sumMinor, currency));
  return findings;
}

function checkNet(node: XmlNode | undefined, { currency }: StatementHeader, netMinor: bigint): Finding[] {
  const amount = child(node, 'Amt');
  if (amount === undefined || currency === undefined) return [];
  const said = sumOf(amount, currency);
  return differs(amount, child(node, 'CdtDbtInd')?.text === 'CRDT' ? said : -said, netMinor, currency);
}

function differs(node: XmlNode, saidMinor: bigint, sumMinor: bigint, currency: string): Finding[] {
  if (saidMinor === sumMinor) return [];
  const detail = `says ${formatMinor(saidMinor, currency)}, the entries come to ${formatMinor(sumMinor, currency)} ${currency}`;
  return [{ code: 'sum_differs', ...placeOf(node), detail }];
}

/** Whether the transactions of an entry come to its amount, and are as many and come to as much as its batches say. */
export function checkEntry(node: XmlNode, entry: StatementEntry): Finding[] {
  const found: [code: FindingCode, detail: string][] = [];
  const { trouble } = expand(entry);
  if (trouble === 'details_differ') found.push([trouble, 'the transactions do not come to the amount of the entry']);
  if (trouble === 'details_without_amount') found.push([trouble, `not every transaction has an amount in ${entry.currency}`]);
  const [batch, another] = entry.batches;
  if (batch !== undefined && another === undefined) found.push(...checkBatch(batch, entry));
  return found.map(([code, detail]) => ({ code, path: `${pathOf(node)}/NtryDtls`, line: node.line, detail }));
}

/** Of an entry that is one batch. */
function* checkBatch(
  { transactions, total }: Batch,
  { details, amountMinor, currency }: StatementEntry,
): Generator<['batch_differs', string]> {
  if (transactions !== undefined && details.length > 0 && transactions !== details.length) {
    yield ['batch_differs', `the batch says ${transactions} transactions, there are ${details.length}`];
  }
  if (total !== undefined && (total.amountMinor !== amountMinor || total.currency !== currency)) {
    const said = `${formatMinor(total.amountMinor, total.currency)} ${total.currency}`;
    yield ['batch_differs', `the batch says ${said}, the entry ${formatMinor(amountMinor, currency)} ${currency}`];
  }
}
