import { isParty } from '@tongbao/contracts';
import { sumMinor } from '@tongbao/money';
import type { DeepReport } from '../all-events.js';
import type { Finding } from '../doctor.checks.js';
import type { RebuildReport } from '../projections.command.js';
import type { Payout } from '../settlements.command.js';
import { amountText, countText } from '../text-table.js';
import type { DayResult } from './day.js';
import type { ExampleResult } from './example-one.js';
import type { JournalAudit } from './journal-audit.js';
import type { Totals } from './purchases.js';
import { currency } from './scenario.js';

export interface PaymentSummary {
  paymentId: string;
  platformId: string;
  status: string;
  amountMinor: number;
  refundedMinor: number;
  currency: string;
}

export interface AccountBalance {
  account: string;
  currency: string;
  postedMinor: number;
}

/** What was read back from the hub when everything was done. */
export interface Evidence {
  /** What the data comes to. */
  expected: Totals;
  refundedMinor: bigint;
  /** What did not end as planned while it was replayed. */
  failures: readonly string[];
  example: ExampleResult;
  day: DayResult;
  payments: readonly PaymentSummary[];
  accounts: readonly AccountBalance[];
  trialChecks: readonly { check: string; currency: string; passed: boolean; differenceMinor: number }[];
  audit: JournalAudit;
  deadLetters: readonly { group: string; reason: string }[];
  payouts: readonly Payout[];
  webhooks: { captured: ReadonlySet<string>; rejected: number };
  rebuild: RebuildReport;
  store: DeepReport;
}

/** The payments of the data that brought money, whatever was refunded afterwards. */
export const capturedOf = (payments: readonly PaymentSummary[]): PaymentSummary[] =>
  paidOf(payments).filter((payment) => payment.currency === currency);

/** Of the day and the example, too. */
export const paidOf = (payments: readonly PaymentSummary[]): PaymentSummary[] =>
  payments.filter(({ status }) => status === 'captured' || status === 'refunded');

/** Everything that the demo claims, each claim with what it rests on. */
export function checkEvidence(evidence: Evidence): Finding[] {
  return [
    exampleFinding(evidence),
    replayFinding(evidence),
    grossFinding(evidence),
    refundFinding(evidence),
    ...ledgerFindings(evidence),
    auditFinding(evidence),
    partyFinding(evidence),
    providerFinding(evidence),
    payoutFinding(evidence),
    webhookFinding(evidence),
    deadLetterFinding(evidence),
    rebuildFinding(evidence),
    storeFinding(evidence),
  ];
}

const exampleFinding = ({ example }: Evidence): Finding => ({
  check: 'example 1 and its refund are exact',
  passed: example.matches,
  detail: example.matches ? 'every balance as expected' : 'see its table',
});

const replayFinding = ({ failures }: Evidence): Finding => ({
  check: 'every order was paid, every refund went back',
  passed: failures.length === 0,
  detail: failures.length === 0 ? 'none was left' : `${failures.length} were not: ${failures.slice(0, 5).join('; ')}`,
});

function grossFinding({ expected, payments }: Evidence): Finding {
  const captured = capturedOf(payments);
  const gross = sumMinor(captured.map(({ amountMinor }) => amountMinor));
  const passed = captured.length === expected.orders && gross === expected.grossMinor;
  const found = `${countText(captured.length)} payments, ${amountText(gross, currency)} ${currency}`;
  return {
    check: "captured payments come to the data's total",
    passed,
    detail: passed ? found : `${found}; the data has ${countText(expected.orders)}, ${amountText(expected.grossMinor, currency)}`,
  };
}

function refundFinding({ refundedMinor, payments }: Evidence): Finding {
  const refunded = sumMinor(capturedOf(payments).map((payment) => payment.refundedMinor));
  const found = `${amountText(refunded, currency)} ${currency}`;
  const passed = refunded === refundedMinor;
  return {
    check: 'refunds come to what was asked for',
    passed,
    detail: passed ? found : `${found}, asked for ${amountText(refundedMinor, currency)}`,
  };
}

function ledgerFindings({ trialChecks }: Evidence): Finding[] {
  const titles: [check: string, title: string][] = [
    ['sums_to_zero', 'the ledger sums to zero in each currency'],
    ['client_money_covered', "clients' money is covered by cash"],
    ['transit_explained', 'no money is lost in transit'],
    ['suspense_explained', 'no money is lost in suspense'],
  ];
  return titles.map(([check, title]) => {
    const its = trialChecks.filter((each) => each.check === check);
    const failed = its.filter(({ passed }) => !passed);
    const passed = its.length > 0 && failed.length === 0;
    const detail = passed
      ? its.map((each) => each.currency).join(', ')
      : failed.map((each) => `${each.currency} is off by ${each.differenceMinor}`).join('; ') || 'the ledger did not say';
    return { check: title, passed, detail };
  });
}

/** The same events added up by a program that shares nothing with the ledger. */
function auditFinding({ accounts, audit }: Evidence): Finding {
  const differing = accounts.filter((each) => BigInt(each.postedMinor) !== audit.balanceOf(each.account, each.currency));
  const known = new Set(accounts.map((each) => `${each.currency} ${each.account}`));
  const missing = audit.accounts.filter((each) => each.balanceMinor !== 0n && !known.has(`${each.currency} ${each.account}`));
  const wrong = [...differing, ...missing].map(({ account }) => account);
  const detail =
    wrong.length === 0
      ? `${countText(accounts.length)} accounts, ${countText(audit.entries)} entries`
      : `not so: ${wrong.slice(0, 10).join(', ')}`;
  return { check: "the journal, added up anew, gives the ledger's balances", passed: wrong.length === 0, detail };
}

/** What payments made of a party's position is what it was paid, less what was collected from it, and what is still there. */
function partyFinding({ accounts, audit, payouts }: Evidence): Finding {
  const parties = accounts.filter((each) => isParty(each.account));
  const wrong = parties.filter(
    (each) => paidTo(each.account, each.currency, payouts) + BigInt(each.postedMinor) !== audit.earnedBy(each.account, each.currency),
  );
  const names = new Set(parties.map(({ account }) => account));
  const detail =
    wrong.length === 0
      ? `${names.size} parties in ${new Set(parties.map((each) => each.currency)).size} currencies`
      : `not so: ${wrong.map(({ account }) => account).join(', ')}`;
  return {
    check: 'each party: paid out, less collected, and its position are what it earned',
    passed: parties.length > 0 && wrong.length === 0,
    detail,
  };
}

/** Paid out less collected, as confirmed by the bank. */
export const paidTo = (party: string, its: string, payouts: readonly Payout[]): bigint =>
  sumMinor(
    payouts
      .filter((payout) => payout.party === party && payout.currency === its && payout.status === 'confirmed')
      .map(({ direction, amountMinor }) => (direction === 'payout' ? amountMinor : -amountMinor)),
  );

/** At the end of the last month each provider has paid out what it held: what is left would be money that nobody took or nobody booked. */
function providerFinding({ accounts }: Evidence): Finding {
  const left = accounts.filter((each) => each.account.startsWith('provider:') && each.postedMinor !== 0);
  const detail =
    left.length === 0
      ? 'nothing is left there'
      : left.map((each) => `${each.account} has ${amountText(each.postedMinor, each.currency)} ${each.currency}`).join('; ');
  return { check: 'the providers have paid out all that they took', passed: left.length === 0, detail };
}

function payoutFinding({ payouts }: Evidence): Finding {
  const open = payouts.filter(({ status }) => status !== 'confirmed');
  const detail =
    open.length === 0
      ? `${countText(payouts.length)} payouts and collections`
      : open
          .slice(0, 10)
          .map(({ payoutId, status }) => `${payoutId} is ${status}`)
          .join('; ');
  return { check: "the bank's statement confirms every payout and collection", passed: open.length === 0, detail };
}

function webhookFinding({ payments, webhooks }: Evidence): Finding {
  const missing = paidOf(payments).filter(({ paymentId }) => !webhooks.captured.has(paymentId));
  const passed = missing.length === 0 && webhooks.rejected === 0;
  const detail = passed
    ? `${countText(webhooks.captured.size)} received, every signature verified`
    : `${missing.length} are missing, ${webhooks.rejected} signatures were wrong`;
  return { check: 'each captured payment was told by a webhook', passed, detail };
}

function deadLetterFinding({ deadLetters }: Evidence): Finding {
  const reasons = [...new Set(deadLetters.map(({ group, reason }) => `${group}: ${reason}`))];
  return {
    check: 'every message was handled',
    passed: reasons.length === 0,
    detail: reasons.length === 0 ? 'there is no dead letter' : reasons.slice(0, 5).join('; '),
  };
}

const rebuildFinding = ({ rebuild }: Evidence): Finding => ({
  check: 'the settlement projection, rebuilt, equals the live one',
  passed: rebuild.equal,
  detail: rebuild.equal ? 'every row of every table' : `tables differ: ${rebuild.differences.map(({ table }) => table).join(', ')}`,
});

const storeFinding = ({ store }: Evidence): Finding => ({
  check: 'every event is as it was written',
  passed: store.damage === undefined,
  detail: store.damage ?? 'every checksum compared',
});
