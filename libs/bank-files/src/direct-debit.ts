import { isCreditorIdentifier } from './account-rule.js';
import { decimalOf } from './decimal.js';
import type { FieldChecks } from './field.checks.js';
import type { AccountNumber, Agent, Party } from './parties.js';
import {
  blockTotals,
  filesOf,
  problemsOf,
  type BatchIds,
  type PaymentFile,
  type PaymentFileOptions,
  type PaymentMessage,
} from './payment-file.js';
import { blockKeyOf, checkInstruction, serviceXml, type PaymentInstruction, type PaymentSides } from './payment-instruction.js';
import { accountXml, agentXml, partyXml, remittanceXml } from './payment-parts.writer.js';
import type { Problem, RefusalCode } from './problem.js';
import { shown } from './simple-value.js';
import { amount, element, value } from './xml.writer.js';

/** The debtor's consent that the creditor may collect. */
export interface Mandate {
  readonly mandateId: string;
  /** YYYY-MM-DD, not after the collection. */
  readonly signedOn: string;
  /** What has changed since the last collection under it. */
  readonly amendment?: MandateAmendment;
}

export interface MandateAmendment {
  readonly originalMandateId?: string;
  /** The creditor had another identifier, another name, or both. */
  readonly originalCreditor?: { readonly name?: string; readonly identifier?: string };
  /** The debtor had another account; `other` with `SMNDA` where it was at another bank. */
  readonly originalDebtorAccount?: AccountNumber;
}

/** An order to collect onto our account. */
export interface DirectDebit extends PaymentInstruction {
  /** YYYY-MM-DD */
  readonly collectionDate: string;
  readonly creditor: Party;
  readonly creditorAccount: AccountNumber;
  readonly creditorAgent?: Agent;
  /** By which the mandates' scheme knows the creditor; in SEPA that of EPC262-08. */
  readonly creditorIdentifier: string;
  /** The first of several, one of several, the last, or the only one. */
  readonly sequence: 'FRST' | 'RCUR' | 'FNAL' | 'OOFF';
  readonly mandate: Mandate;
  readonly debtor: Party;
  readonly debtorAccount: AccountNumber;
  readonly debtorAgent?: Agent;
}

/** What keeps these debits from being written, all of it; paths count them from 1 in the order in which they are given. */
export const directDebitProblems = (debits: readonly DirectDebit[], options: PaymentFileOptions): Problem<RefusalCode>[] =>
  problemsOf(debits, pain008, options);

/**
 * Debits as files of pain.008.001.08, customer direct debit initiation, within the limits. A block is what is collected onto one account on one day in one
 * currency, service and sequence.
 * @throws BankFileRefused for the first of `directDebitProblems`
 */
export const directDebitFiles = (debits: readonly DirectDebit[], options: PaymentFileOptions): PaymentFile[] =>
  filesOf(debits, pain008, options);

const pain008: PaymentMessage<DirectDebit> = {
  message: 'pain.008.001.08',
  root: 'CstmrDrctDbtInitn',
  transaction: 'DrctDbtTxInf',
  blockKey: (debit) => {
    const { creditorAccount, collectionDate, sequence, creditorIdentifier, creditor, creditorAgent } = debit;
    const payee = [creditorIdentifier, partyXml('Cdtr', creditor), agentXml('CdtrAgt', creditorAgent)];
    return JSON.stringify([blockKeyOf(creditorAccount, debit), collectionDate, sequence, payee]);
  },
  check,
  write,
};

function check(debit: DirectDebit, block: FieldChecks, transaction: FieldChecks): void {
  const { creditor, creditorAccount, creditorAgent, debtor, debtorAccount, debtorAgent, creditorIdentifier } = debit;
  const sides: PaymentSides = {
    own: { role: 'Cdtr', party: creditor, account: creditorAccount, agent: creditorAgent },
    other: { role: 'Dbtr', party: debtor, account: debtorAccount, agent: debtorAgent },
    amountPath: 'InstdAmt',
  };
  checkInstruction(debit, sides, block, transaction);
  block.date('ReqdColltnDt', debit.collectionDate);
  block.reference('CdtrSchmeId/Id/PrvtId/Othr/Id', creditorIdentifier);
  checkMandate(debit, transaction);
  if (debit.serviceLevel !== 'SEPA' || isCreditorIdentifier(creditorIdentifier)) return;
  const finding = `${shown(creditorIdentifier)} is no creditor identifier: its form or its check digits are wrong`;
  block.refuse('CdtrSchmeId/Id/PrvtId/Othr/Id', 'sepa_rule', finding);
}

function checkMandate({ mandate, collectionDate }: DirectDebit, checks: FieldChecks): void {
  const { mandateId, signedOn, amendment } = mandate;
  const path = 'DrctDbtTx/MndtRltdInf';
  checks.reference(`${path}/MndtId`, mandateId);
  checks.date(`${path}/DtOfSgntr`, signedOn);
  if (signedOn > collectionDate)
    checks.refuse(`${path}/DtOfSgntr`, 'date_invalid', `signed on ${signedOn}, after the collection of ${collectionDate}`);
  if (amendment === undefined) return;
  const { originalMandateId, originalCreditor, originalDebtorAccount } = amendment;
  checks.reference(`${path}/AmdmntInfDtls/OrgnlMndtId`, originalMandateId);
  checks.text(`${path}/AmdmntInfDtls/OrgnlCdtrSchmeId/Nm`, originalCreditor?.name, 70);
  checks.reference(`${path}/AmdmntInfDtls/OrgnlCdtrSchmeId/Id/PrvtId/Othr/Id`, originalCreditor?.identifier);
  if (originalDebtorAccount !== undefined) checks.account(`${path}/AmdmntInfDtls/OrgnlDbtrAcct`, originalDebtorAccount);
}

/** PaymentInstruction29 */
function write({ paymentInformationId, items, batchBooking }: BatchIds<DirectDebit>): string {
  const [first] = items;
  if (first === undefined) return '';
  return `\n${element(
    'PmtInf',
    value('PmtInfId', paymentInformationId),
    value('PmtMtd', 'DD'),
    value('BtchBookg', batchBooking),
    blockTotals(items),
    serviceXml(first, { sequence: first.sequence }),
    value('ReqdColltnDt', first.collectionDate),
    partyXml('Cdtr', first.creditor),
    accountXml('CdtrAcct', first.creditorAccount, value('Ccy', first.currency)),
    agentXml('CdtrAgt', first.creditorAgent),
    value('ChrgBr', first.chargeBearer),
    schemeXml('CdtrSchmeId', { identifier: first.creditorIdentifier }),
    ...items.map(transactionXml),
  )}`;
}

/** How the mandates' scheme knows a creditor; the EPC's guidelines name the scheme `SEPA` for all. */
const schemeXml = (name: string, creditor: { readonly name?: string; readonly identifier?: string } | undefined): string => {
  const identifier = value('Id', creditor?.identifier);
  const scheme = identifier === '' ? '' : element('SchmeNm', value('Prtry', 'SEPA'));
  return element(name, value('Nm', creditor?.name), element('Id', element('PrvtId', element('Othr', identifier, scheme))));
};

/** DirectDebitTransactionInformation23 */
const transactionXml = (debit: DirectDebit): string =>
  `\n${element(
    'DrctDbtTxInf',
    element('PmtId', value('InstrId', debit.instructionId), value('EndToEndId', debit.endToEndId)),
    amount('InstdAmt', decimalOf(debit.amountMinor, debit.currency), debit.currency),
    element('DrctDbtTx', mandateXml(debit.mandate)),
    agentXml('DbtrAgt', debit.debtorAgent),
    partyXml('Dbtr', debit.debtor),
    accountXml('DbtrAcct', debit.debtorAccount),
    element('Purp', value('Cd', debit.purpose)),
    remittanceXml(debit.remittance),
  )}`;

/** MandateRelatedInformation14 */
const mandateXml = ({ mandateId, signedOn, amendment }: Mandate): string =>
  element(
    'MndtRltdInf',
    value('MndtId', mandateId),
    value('DtOfSgntr', signedOn),
    amendment === undefined ? '' : value('AmdmntInd', true),
    element(
      'AmdmntInfDtls',
      value('OrgnlMndtId', amendment?.originalMandateId),
      schemeXml('OrgnlCdtrSchmeId', amendment?.originalCreditor),
      amendment?.originalDebtorAccount === undefined ? '' : accountXml('OrgnlDbtrAcct', amendment.originalDebtorAccount),
    ),
  );
