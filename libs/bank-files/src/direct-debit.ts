import { isCreditorIdentifier } from './account-rule.js';
import type { ChargeBearer } from './credit-transfer.js';
import { decimalOf } from './decimal.js';
import type { FieldChecks } from './field.checks.js';
import type { AccountNumber, Agent, Party, Remittance } from './parties.js';
import {
  blockTotals,
  filesOf,
  problemsOf,
  type BatchIds,
  type PaymentFile,
  type PaymentFileOptions,
  type PaymentMessage,
} from './payment-file.js';
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
export interface DirectDebit {
  readonly endToEndId: string;
  readonly instructionId?: string;
  /** Above 0. */
  readonly amountMinor: number;
  readonly currency: string;
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
  readonly remittance?: Remittance;
  /** Codes of ISO's external lists. `SEPA` brings the rules of the SEPA direct debits with it, whose instruments are `CORE` and `B2B`. */
  readonly serviceLevel?: string;
  readonly localInstrument?: string;
  readonly categoryPurpose?: string;
  readonly purpose?: string;
  readonly chargeBearer?: ChargeBearer;
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
    const { creditorAccount, collectionDate, currency, sequence, serviceLevel, localInstrument, categoryPurpose, chargeBearer } = debit;
    const account = 'iban' in creditorAccount ? ['iban', creditorAccount.iban] : ['other', creditorAccount.scheme, creditorAccount.other];
    const service = [serviceLevel, localInstrument, sequence, categoryPurpose, chargeBearer];
    const creditor = [debit.creditorIdentifier, partyXml('Cdtr', debit.creditor), agentXml('CdtrAgt', debit.creditorAgent)];
    return JSON.stringify([account, collectionDate, currency, service, creditor]);
  },
  check,
  write,
};

function check(debit: DirectDebit, block: FieldChecks, transaction: FieldChecks): void {
  const { amountMinor, currency, creditorAccount, debtorAccount, serviceLevel } = debit;
  const isSepa = serviceLevel === 'SEPA';
  block.code('PmtTpInf/SvcLvl/Cd', serviceLevel);
  block.code('PmtTpInf/LclInstrm/Cd', debit.localInstrument, 35);
  block.code('PmtTpInf/CtgyPurp/Cd', debit.categoryPurpose);
  block.date('ReqdColltnDt', debit.collectionDate);
  block.party('Cdtr', debit.creditor, isSepa);
  block.account('CdtrAcct', creditorAccount);
  block.agent('CdtrAgt', debit.creditorAgent);
  block.reference('CdtrSchmeId/Id/PrvtId/Othr/Id', debit.creditorIdentifier);
  transaction.reference('PmtId/InstrId', debit.instructionId);
  transaction.amount('InstdAmt', amountMinor, currency);
  checkMandate(debit, transaction);
  transaction.agent('DbtrAgt', debit.debtorAgent);
  transaction.party('Dbtr', debit.debtor, isSepa);
  transaction.account('DbtrAcct', debtorAccount);
  transaction.code('Purp/Cd', debit.purpose);
  transaction.remittance('RmtInf', debit.remittance, isSepa);
  if (!isSepa) return;
  block.sepaAccount('CdtrAcct', creditorAccount);
  block.sepaChargeBearer('ChrgBr', debit.chargeBearer);
  transaction.sepaAccount('DbtrAcct', debtorAccount);
  transaction.sepaAmount('InstdAmt', amountMinor, currency);
  if (!isCreditorIdentifier(debit.creditorIdentifier)) {
    block.refuse(
      'CdtrSchmeId/Id/PrvtId/Othr/Id',
      'sepa_rule',
      `${shown(debit.creditorIdentifier)} is no creditor identifier: its form or its check digits are wrong`,
    );
  }
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
    element(
      'PmtTpInf',
      element('SvcLvl', value('Cd', first.serviceLevel)),
      element('LclInstrm', value('Cd', first.localInstrument)),
      value('SeqTp', first.sequence),
      element('CtgyPurp', value('Cd', first.categoryPurpose)),
    ),
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
