import { account, isParty } from '@tongbao/contracts';
import { sumMinor } from '@tongbao/money';
import type { Finding } from '../doctor.checks.js';
import { amountText, countText } from '../text-table.js';
import { paidOf, type Evidence } from './checks.js';
import { dayCurrency, dayProvider } from './day-orders.js';
import type { DayResult } from './day.js';
import { exampleOne } from './example-one.js';

type DayEvidence = Pick<Evidence, 'day' | 'payments' | 'accounts' | 'audit'>;

const yuan = (amountMinor: number | bigint): string => `${amountText(amountMinor, dayCurrency)} ${dayCurrency}`;

/** What the demo claims of its one day, each claim with what it rests on. */
export const checkDay = (evidence: DayEvidence): Finding[] => [
  ordersFinding(evidence),
  netsFinding(evidence),
  retryFinding(evidence.day),
  breakFinding(evidence.day),
  correctionFinding(evidence),
  financeFinding(evidence),
  statementFinding(evidence.day),
];

const finding = (check: string, problems: readonly string[], detail: string): Finding => ({
  check,
  passed: problems.length === 0,
  detail: problems.length === 0 ? detail : problems.slice(0, 5).join('; '),
});

const balanceOf = ({ accounts }: DayEvidence, is: (name: string) => boolean): bigint =>
  sumMinor(accounts.filter((each) => each.currency === dayCurrency && is(each.account)).map(({ postedMinor }) => postedMinor));

/** Example 1 is in yuan, too. */
function ordersFinding({ day, payments }: DayEvidence): Finding {
  const sold = paidOf(payments).filter(({ currency }) => currency === dayCurrency);
  const gross = sumMinor(sold.map(({ amountMinor }) => amountMinor)) - BigInt(exampleOne.paidMinor);
  const refunded = sumMinor(sold.map(({ refundedMinor }) => refundedMinor)) - BigInt(exampleOne.refundedMinor);
  const differs = gross === day.grossMinor && refunded === day.refundedMinor ? [] : [`${yuan(gross)} paid, ${yuan(refunded)} back`];
  return finding(
    'the day: its orders and refunds come to what the data says',
    [...day.failures, ...differs],
    `${countText(day.orders)} orders, ${yuan(day.grossMinor)}; ${day.refunds} refunds, ${yuan(day.refundedMinor)}`,
  );
}

/** The journal, added up by nothing of the settlement's, says what every party earned. */
function netsFinding({ day, accounts, audit }: DayEvidence): Finding {
  const nets = new Map<string, bigint>();
  for (const { party, netMinor } of day.models.flatMap(({ parties }) => parties))
    nets.set(party, (nets.get(party) ?? 0n) + BigInt(netMinor));
  const earned = accounts.filter((each) => each.currency === dayCurrency && isParty(each.account)).map((each) => each.account);
  const wrong = [...new Set([...nets.keys(), ...earned])].filter((party) => (nets.get(party) ?? 0n) !== audit.earnedBy(party, dayCurrency));
  const problems = wrong.length === 0 ? [] : [`not so: ${wrong.join(', ')}`];
  const windows = day.models.flatMap(({ windowIds }) => windowIds);
  return finding(
    'the day: two models settled each side of each transfer once',
    [...problems, ...(windows.length === day.windows.length ? [] : [`settled are ${windows.join(', ')}`])],
    `${nets.size} parties, ${yuan(sumMinor([...nets.values()]))}, as the journal has it`,
  );
}

function retryFinding({ failed: { steps, lines, amountMinor, status } }: DayResult): Finding {
  const count = (type: string) => steps.filter((step) => step.type === type).length;
  const isSo = status === 'confirmed' && count('PayoutFailed') === 1 && count('PayoutInstructed') === 2 && count('PayoutConfirmed') === 1;
  const isPaidOnce = lines.length === 1 && lines[0]?.amountMinor === -amountMinor;
  return finding(
    'the day: the payout that the bank rejected was paid once',
    isSo && isPaidOnce ? [] : [`it is ${status}, with ${lines.length} lines of the bank`],
    `${yuan(amountMinor)}, instructed twice under one key, one line of the bank`,
  );
}

/** What is found is what was put in: the same kind, of the same payment, in the same bills. */
function breakFinding({ bills: { planted, breaks, matched } }: DayResult): Finding {
  const texts = (all: readonly { kind: string; on: readonly string[] }[], keyOf: (index: number) => string | null) =>
    all.map(({ kind, on }, index) => `${kind} of ${keyOf(index) ?? 'nothing'} on ${on.toSorted().join(' and ')}`).sort();
  const [wanted, found] = [texts(planted, (index) => planted[index]?.key ?? null), texts(breaks, (index) => breaks[index]?.ourKey ?? null)];
  const isSo = planted.length > 0 && wanted.join() === found.join();
  return finding(
    'the day: reconciliation finds the error in the bills, and no other',
    isSo ? [] : [`put in: ${wanted.join()}; found: ${found.join()}`],
    `${countText(matched)} movements match, ${breaks.length} does not`,
  );
}

/** The correcting entry makes the books say what the bills say: once the provider has paid that out, nothing is left with it. */
function correctionFinding(evidence: DayEvidence): Finding {
  const { breaks, paidOutMinor } = evidence.day.bills;
  const left = balanceOf(evidence, (name) => name === account.provider(dayProvider));
  const alone = breaks.filter(
    ({ status, closing }) => status !== 'corrected' || !closing?.by || !closing.proposedBy || closing.by === closing.proposedBy,
  );
  return finding(
    'the day: two people corrected it, and the books say what the fund bill says',
    [
      ...alone.map(({ breakId, status }) => `${breakId} is ${status} by one`),
      ...(left === 0n && paidOutMinor > 0 ? [] : [`${yuan(left)} differ at the provider`]),
    ],
    `${yuan(paidOutMinor)} billed and paid out`,
  );
}

function financeFinding(evidence: DayEvidence): Finding {
  const { positions, revenue } = evidence.day.finance;
  const [owed, earned] = [
    balanceOf(evidence, isParty),
    balanceOf(evidence, (name) => [account.fees, account.providerFees, account.losses].some((own) => own === name)),
  ];
  const differs =
    BigInt(positions.sumMinor) === owed && BigInt(revenue.netMinor) === earned ? [] : [`the ledger has ${yuan(owed)}, ${yuan(earned)}`];
  return finding(
    "the day: finance's positions and revenue are the ledger's",
    differs,
    `positions ${yuan(positions.sumMinor)}, the hub's own ${yuan(revenue.netMinor)}`,
  );
}

function statementFinding({ finance: { statement } }: DayResult): Finding {
  const { openingMinor, closingMinor, lines, csv, pdfHead } = statement;
  const moved = openingMinor + lines.reduce((sum, { amountMinor }) => sum + amountMinor, 0);
  const rows = csv.trim().split('\n').length;
  // A head, the opening and the closing position.
  const isSo = lines.length > 0 && moved === closingMinor && rows === lines.length + 3 && pdfHead === '%PDF-';
  return finding(
    'the day: a statement leads from the opening to the closing position',
    isSo ? [] : [`${yuan(moved)} by its lines, ${yuan(closingMinor)} at its end; ${rows} rows of CSV, PDF begins ${pdfHead}`],
    `${lines.length} lines; as CSV, PDF and camt.053`,
  );
}
