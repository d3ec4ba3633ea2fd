import { formatMinor } from '@tongbao/money';
import { decimalOf } from './decimal.js';
import { FieldChecks } from './field.checks.js';
import { namespaceOf } from './message.js';
import type { AccountNumber, Agent } from './parties.js';
import { accountXml, agentXml } from './payment-parts.writer.js';
import { BankFileRefused, type RefusalCode } from './problem.js';
import { amount, documentEnd, documentStart, element, value } from './xml.writer.js';

/** What stands above the entries of a party's statement. Amounts are positions: positive, the hub owes the party (a credit of its account). */
export interface PartyStatement {
  readonly messageId: string;
  readonly createdAt: string;
  readonly statementId: string;
  /** Running number of the party's statements in this currency. */
  readonly sequence?: number;
  /** The period, as ISO 8601 timestamps. */
  readonly from: string;
  readonly to: string;
  readonly account: AccountNumber;
  readonly owner: string;
  /** Who keeps the account: the hub. */
  readonly servicer: { readonly name: string } | Agent;
  readonly currency: string;
  readonly opening: { readonly amountMinor: bigint; readonly on: string };
  readonly closing: { readonly amountMinor: bigint; readonly on: string };
  /** Of all entries; written into the summary, and compared when they have been written. */
  readonly totals?: { readonly credits: number; readonly creditMinor: bigint; readonly debits: number; readonly debitMinor: bigint };
}

export interface PartyStatementEntry {
  /** Of the entry, unique in the statement: at most 35 characters. */
  readonly reference: string;
  /** Positive: adds to the position; negative: takes from it. */
  readonly amountMinor: number;
  /** It takes back an earlier entry. */
  readonly isReversal?: boolean;
  /** A date or a timestamp. */
  readonly bookedAt: string;
  readonly valueOn?: string;
  /** What moved it: `purchase`, `refund`, `payout` …: at most 35 characters; and who defines these words. */
  readonly kind: string;
  readonly issuer: string;
  /** Of the payout, at most 35 characters; what is longer, as the id of a payment is, goes into `information`. */
  readonly endToEndId?: string;
  readonly counterparty?: string;
  /** At most 140 characters each. */
  readonly lines?: readonly string[];
  /** At most 500 characters. */
  readonly information?: string;
}

const root = '/Document/BkToCstmrStmt';
const pieceLength = 64 * 1024;

/**
 * A party's statement as camt.053.001.08, in pieces: as many entries as there are, none is held.
 * @throws BankFileRefused for a value that cannot be written; and `balances_differ` or `limit_exceeded` at the end, when opening and entries do not come to
 * closing, or not to the totals: the file is then incomplete, and no XML
 */
export async function* writePartyStatement(
  statement: PartyStatement,
  entries: Iterable<PartyStatementEntry> | AsyncIterable<PartyStatementEntry>,
): AsyncGenerator<string> {
  checkHeader(statement);
  const sums = new Sums();
  let text = `${documentStart(namespaceOf('camt.053.001.08'))}<BkToCstmrStmt>${groupHeader(statement)}\n<Stmt>${statementHeader(statement)}`;
  for await (const entry of entries) {
    sums.add(entry.amountMinor);
    checkEntry(entry, statement, sums.entries);
    text += `\n${entryXml(entry, statement.currency)}`;
    if (text.length < pieceLength) continue;
    yield text;
    text = '';
  }
  sums.check(statement);
  yield `${text}\n</Stmt></BkToCstmrStmt>${documentEnd}`;
}

function checkHeader(statement: PartyStatement): void {
  const { currency, opening, closing, servicer, totals } = statement;
  const checks = new FieldChecks(root, 'utf-8');
  checks.reference('GrpHdr/MsgId', statement.messageId);
  checks.dateTime('GrpHdr/CreDtTm', statement.createdAt);
  checks.reference('Stmt/Id', statement.statementId);
  if (statement.sequence !== undefined && !(Number.isSafeInteger(statement.sequence) && statement.sequence >= 0)) {
    checks.refuse('Stmt/ElctrncSeqNb', 'value_invalid', `${statement.sequence} is no running number`);
  }
  checks.dateTime('Stmt/FrToDt/FrDtTm', statement.from);
  checks.dateTime('Stmt/FrToDt/ToDtTm', statement.to);
  checks.account('Stmt/Acct', statement.account);
  checks.text('Stmt/Acct/Ownr/Nm', statement.owner, 140);
  if ('bic' in servicer || 'memberId' in servicer) checks.agent('Stmt/Acct/Svcr', servicer);
  else checks.text('Stmt/Acct/Svcr/FinInstnId/Nm', servicer.name, 140);
  // 1 stands for any amount: only the currency is in question here.
  checks.amount('Stmt/Acct/Ccy', 1, currency);
  for (const [index, { amountMinor, on }] of [opening, closing].entries()) {
    checks.date(`Stmt/Bal[${index + 1}]/Dt/Dt`, on);
    checkDigits(checks, `Stmt/Bal[${index + 1}]/Amt`, amountMinor);
  }
  checkDigits(checks, 'Stmt/TxsSummry/TtlNtries/Sum', (totals?.creditMinor ?? 0n) + (totals?.debitMinor ?? 0n));
  throwFirst(checks);
}

/** Amounts and sums of ISO 20022 have 18 digits at most. */
function checkDigits(checks: FieldChecks, name: string, amountMinor: bigint): void {
  if (String(amountMinor).replace('-', '').length > 18)
    checks.refuse(name, 'amount_too_large', `${amountMinor} minor units have more than 18 digits`);
}

function checkEntry(entry: PartyStatementEntry, { currency }: PartyStatement, index: number): void {
  const checks = new FieldChecks(`${root}/Stmt/Ntry[${index}]`, 'utf-8');
  checks.reference('NtryRef', entry.reference);
  if (!Number.isSafeInteger(entry.amountMinor))
    checks.refuse('Amt', 'amount_too_large', `${entry.amountMinor} ${currency} is no safe integer of minor units`);
  if (entry.bookedAt.includes('T')) checks.dateTime('BookgDt/DtTm', entry.bookedAt);
  else checks.date('BookgDt/Dt', entry.bookedAt);
  if (entry.valueOn !== undefined) checks.date('ValDt/Dt', entry.valueOn);
  checks.text('BkTxCd/Prtry/Cd', entry.kind, 35);
  checks.text('BkTxCd/Prtry/Issr', entry.issuer, 35);
  checks.reference('NtryDtls/TxDtls/Refs/EndToEndId', entry.endToEndId);
  checks.text(`NtryDtls/TxDtls/RltdPties/${counterpartyOf(entry)}/Pty/Nm`, entry.counterparty, 140);
  checks.remittance('NtryDtls/TxDtls/RmtInf', entry.lines === undefined ? undefined : { lines: entry.lines }, false);
  checks.text('AddtlNtryInf', entry.information, 500);
  throwFirst(checks);
}

function throwFirst({ problems: [problem] }: FieldChecks): void {
  if (problem !== undefined) throw new BankFileRefused(problem);
}

/** What has been written, beside what was said above it. */
class Sums {
  entries = 0;
  #credits = 0;
  #credit = 0n;
  #debit = 0n;

  add(amountMinor: number): void {
    this.entries++;
    if (!Number.isSafeInteger(amountMinor)) return;
    if (amountMinor >= 0) {
      this.#credits++;
      this.#credit += BigInt(amountMinor);
    } else this.#debit -= BigInt(amountMinor);
  }

  check({ opening, closing, totals, currency }: PartyStatement): void {
    const net = this.#credit - this.#debit;
    if (opening.amountMinor + net !== closing.amountMinor) {
      const [before, entries, after] = [opening.amountMinor, net, closing.amountMinor].map((each) => formatMinor(each, currency));
      refuse('balances_differ', 'Stmt/Bal', `opening ${before} and entries ${entries} do not come to closing ${after} ${currency}`);
    }
    if (totals === undefined) return;
    const isEqual = totals.credits === this.#credits && totals.debits === this.entries - this.#credits;
    if (isEqual && totals.creditMinor === this.#credit && totals.debitMinor === this.#debit) return;
    refuse('balances_differ', 'Stmt/TxsSummry', 'the totals are not those of the entries');
  }
}

function refuse(code: RefusalCode, path: string, detail: string): never {
  throw new BankFileRefused({ code, path: `${root}/${path}`, detail });
}

/** GroupHeader81 */
const groupHeader = ({ messageId, createdAt }: PartyStatement): string =>
  element('GrpHdr', value('MsgId', messageId), value('CreDtTm', createdAt));

/** AccountStatement9, down to its entries. */
function statementHeader(statement: PartyStatement): string {
  const { servicer, currency } = statement;
  const by =
    'bic' in servicer || 'memberId' in servicer
      ? agentXml('Svcr', servicer)
      : element('Svcr', element('FinInstnId', value('Nm', servicer.name)));
  return [
    value('Id', statement.statementId),
    value('ElctrncSeqNb', statement.sequence),
    value('CreDtTm', statement.createdAt),
    element('FrToDt', value('FrDtTm', statement.from), value('ToDtTm', statement.to)),
    accountXml('Acct', statement.account, value('Ccy', currency), element('Ownr', value('Nm', statement.owner)), by),
    balanceXml('OPBD', statement.opening, currency),
    balanceXml('CLBD', statement.closing, currency),
    totalsXml(statement),
  ].join('');
}

/** CashBalance8 */
const balanceXml = (code: 'OPBD' | 'CLBD', { amountMinor, on }: PartyStatement['opening'], currency: string): string =>
  element(
    'Bal',
    element('Tp', element('CdOrPrtry', value('Cd', code))),
    amount('Amt', decimalOf(amountMinor, currency), currency),
    value('CdtDbtInd', indicator(amountMinor)),
    element('Dt', value('Dt', on)),
  );

/** TotalTransactions6 */
function totalsXml({ totals, currency }: PartyStatement): string {
  if (totals === undefined) return '';
  const { credits, creditMinor, debits, debitMinor } = totals;
  const counted = (name: string, count: number, sumMinor: bigint, ...more: readonly string[]): string =>
    element(name, value('NbOfNtries', count), value('Sum', decimalOf(sumMinor, currency)), ...more);
  const net = creditMinor - debitMinor;
  return element(
    'TxsSummry',
    counted(
      'TtlNtries',
      credits + debits,
      creditMinor + debitMinor,
      element('TtlNetNtry', value('Amt', decimalOf(net, currency)), value('CdtDbtInd', indicator(net))),
    ),
    counted('TtlCdtNtries', credits, creditMinor),
    counted('TtlDbtNtries', debits, debitMinor),
  );
}

/** ReportEntry10 */
function entryXml(entry: PartyStatementEntry, currency: string): string {
  const { bookedAt, amountMinor, counterparty } = entry;
  const money = amount('Amt', decimalOf(amountMinor, currency), currency);
  const direction = value('CdtDbtInd', indicator(amountMinor));
  return element(
    'Ntry',
    value('NtryRef', entry.reference),
    money,
    direction,
    entry.isReversal === true ? value('RvslInd', true) : '',
    element('Sts', value('Cd', 'BOOK')),
    element('BookgDt', value(bookedAt.includes('T') ? 'DtTm' : 'Dt', bookedAt)),
    element('ValDt', value('Dt', entry.valueOn)),
    element('BkTxCd', element('Prtry', value('Cd', entry.kind), value('Issr', entry.issuer))),
    element(
      'NtryDtls',
      element(
        'TxDtls',
        element('Refs', value('EndToEndId', entry.endToEndId)),
        money,
        direction,
        element('RltdPties', element(counterpartyOf(entry), element('Pty', value('Nm', counterparty)))),
        element('RmtInf', ...(entry.lines ?? []).map((line) => value('Ustrd', line))),
      ),
    ),
    value('AddtlNtryInf', entry.information),
  );
}

/** Who stands on the other side: the one who pays, of a credit. */
const counterpartyOf = ({ amountMinor }: PartyStatementEntry): 'Dbtr' | 'Cdtr' => (amountMinor < 0 ? 'Cdtr' : 'Dbtr');

const indicator = (amountMinor: number | bigint): string => (amountMinor < 0 ? 'DBIT' : 'CRDT');
