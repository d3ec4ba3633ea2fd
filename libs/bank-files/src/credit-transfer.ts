import type { AccountNumber, Agent, Party, Remittance } from './parties.js';
import type { FieldChecks } from './field.checks.js';
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
import { decimalOf } from './decimal.js';
import { amount, element, value } from './xml.writer.js';

/** Who bears the banks' charges: payer, payee, each their own, or as the service level says. */
export type ChargeBearer = 'DEBT' | 'CRED' | 'SHAR' | 'SLEV';

/** An order to pay from our account. */
export interface CreditTransfer {
  /** Comes back on statements and status reports: see `endToEndIdOf`. */
  readonly endToEndId: string;
  /** Between us and our bank only. */
  readonly instructionId?: string;
  /** Above 0. */
  readonly amountMinor: number;
  readonly currency: string;
  /** YYYY-MM-DD */
  readonly executionDate: string;
  readonly debtor: Party;
  readonly debtorAccount: AccountNumber;
  readonly debtorAgent?: Agent;
  readonly creditor: Party;
  readonly creditorAccount: AccountNumber;
  /** Not needed where the IBAN says it. */
  readonly creditorAgent?: Agent;
  readonly remittance?: Remittance;
  /** Codes of ISO's external lists. `SEPA` brings the rules of the SEPA credit transfer with it. */
  readonly serviceLevel?: string;
  readonly localInstrument?: string;
  readonly categoryPurpose?: string;
  readonly purpose?: string;
  readonly priority?: 'HIGH' | 'NORM';
  readonly chargeBearer?: ChargeBearer;
}

/** What keeps these transfers from being written, all of it; paths count them from 1 in the order in which they are given. */
export const creditTransferProblems = (transfers: readonly CreditTransfer[], options: PaymentFileOptions): Problem<RefusalCode>[] =>
  problemsOf(transfers, pain001, options);

/**
 * Transfers as files of pain.001.001.09, customer credit transfer initiation, within the limits. A block is what is paid from one account on one day in one
 * currency by one service.
 * @throws BankFileRefused for the first of `creditTransferProblems`
 */
export const creditTransferFiles = (transfers: readonly CreditTransfer[], options: PaymentFileOptions): PaymentFile[] =>
  filesOf(transfers, pain001, options);

const pain001: PaymentMessage<CreditTransfer> = {
  message: 'pain.001.001.09',
  root: 'CstmrCdtTrfInitn',
  transaction: 'CdtTrfTxInf',
  blockKey: ({ executionDate, currency, debtor, debtorAccount, debtorAgent, ...other }) => {
    const { priority, serviceLevel, localInstrument, categoryPurpose, chargeBearer } = other;
    const account = 'iban' in debtorAccount ? ['iban', debtorAccount.iban] : ['other', debtorAccount.scheme, debtorAccount.other];
    const service = [priority, serviceLevel, localInstrument, categoryPurpose, chargeBearer];
    return JSON.stringify([account, executionDate, currency, service, partyXml('Dbtr', debtor), agentXml('DbtrAgt', debtorAgent)]);
  },
  check,
  write,
};

function check(transfer: CreditTransfer, block: FieldChecks, transaction: FieldChecks): void {
  const { amountMinor, currency, debtorAccount, creditorAccount, serviceLevel, chargeBearer } = transfer;
  const isSepa = serviceLevel === 'SEPA';
  block.code('PmtTpInf/SvcLvl/Cd', serviceLevel);
  block.code('PmtTpInf/LclInstrm/Cd', transfer.localInstrument, 35);
  block.code('PmtTpInf/CtgyPurp/Cd', transfer.categoryPurpose);
  block.date('ReqdExctnDt/Dt', transfer.executionDate);
  block.party('Dbtr', transfer.debtor, isSepa);
  block.account('DbtrAcct', debtorAccount);
  block.agent('DbtrAgt', transfer.debtorAgent);
  transaction.reference('PmtId/InstrId', transfer.instructionId);
  transaction.amount('Amt/InstdAmt', amountMinor, currency);
  transaction.agent('CdtrAgt', transfer.creditorAgent);
  transaction.party('Cdtr', transfer.creditor, isSepa);
  transaction.account('CdtrAcct', creditorAccount);
  transaction.code('Purp/Cd', transfer.purpose);
  transaction.remittance('RmtInf', transfer.remittance, isSepa);
  if (!isSepa) return;
  block.sepaAccount('DbtrAcct', debtorAccount);
  block.sepaChargeBearer('ChrgBr', chargeBearer);
  transaction.sepaAccount('CdtrAcct', creditorAccount);
  transaction.sepaAmount('Amt/InstdAmt', amountMinor, currency);
}

/** PaymentInstruction30 */
function write({ paymentInformationId, items, batchBooking }: BatchIds<CreditTransfer>): string {
  const [first] = items;
  if (first === undefined) return '';
  return `\n${element(
    'PmtInf',
    value('PmtInfId', paymentInformationId),
    value('PmtMtd', 'TRF'),
    value('BtchBookg', batchBooking),
    blockTotals(items),
    element(
      'PmtTpInf',
      value('InstrPrty', first.priority),
      element('SvcLvl', value('Cd', first.serviceLevel)),
      element('LclInstrm', value('Cd', first.localInstrument)),
      element('CtgyPurp', value('Cd', first.categoryPurpose)),
    ),
    element('ReqdExctnDt', value('Dt', first.executionDate)),
    partyXml('Dbtr', first.debtor),
    accountXml('DbtrAcct', first.debtorAccount, value('Ccy', first.currency)),
    agentXml('DbtrAgt', first.debtorAgent),
    value('ChrgBr', first.chargeBearer),
    ...items.map(transactionXml),
  )}`;
}

/** CreditTransferTransaction34 */
const transactionXml = (transfer: CreditTransfer): string =>
  `\n${element(
    'CdtTrfTxInf',
    element('PmtId', value('InstrId', transfer.instructionId), value('EndToEndId', transfer.endToEndId)),
    element('Amt', amount('InstdAmt', decimalOf(transfer.amountMinor, transfer.currency), transfer.currency)),
    transfer.creditorAgent === undefined ? '' : agentXml('CdtrAgt', transfer.creditorAgent),
    partyXml('Cdtr', transfer.creditor),
    accountXml('CdtrAcct', transfer.creditorAccount),
    element('Purp', value('Cd', transfer.purpose)),
    remittanceXml(transfer.remittance),
  )}`;
