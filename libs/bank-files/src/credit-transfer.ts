import type { AccountNumber, Agent, Party } from './parties.js';
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
import { blockKeyOf, checkInstruction, serviceXml, type PaymentInstruction, type PaymentSides } from './payment-instruction.js';
import { accountXml, agentXml, partyXml, remittanceXml } from './payment-parts.writer.js';
import type { Problem, RefusalCode } from './problem.js';
import { decimalOf } from './decimal.js';
import { amount, element, value } from './xml.writer.js';

/** An order to pay from our account. */
export interface CreditTransfer extends PaymentInstruction {
  /** YYYY-MM-DD */
  readonly executionDate: string;
  readonly debtor: Party;
  readonly debtorAccount: AccountNumber;
  readonly debtorAgent?: Agent;
  readonly creditor: Party;
  readonly creditorAccount: AccountNumber;
  /** Not needed where the IBAN says it. */
  readonly creditorAgent?: Agent;
  readonly priority?: 'HIGH' | 'NORM';
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
  blockKey: (transfer) => {
    const { executionDate, priority, debtor, debtorAccount, debtorAgent } = transfer;
    const payer = [partyXml('Dbtr', debtor), agentXml('DbtrAgt', debtorAgent)];
    return JSON.stringify([blockKeyOf(debtorAccount, transfer), executionDate, priority, payer]);
  },
  check,
  write,
};

function check(transfer: CreditTransfer, block: FieldChecks, transaction: FieldChecks): void {
  const { debtor, debtorAccount, debtorAgent, creditor, creditorAccount, creditorAgent } = transfer;
  const sides: PaymentSides = {
    own: { role: 'Dbtr', party: debtor, account: debtorAccount, agent: debtorAgent },
    other: { role: 'Cdtr', party: creditor, account: creditorAccount, agent: creditorAgent },
    amountPath: 'Amt/InstdAmt',
  };
  checkInstruction(transfer, sides, block, transaction);
  block.date('ReqdExctnDt/Dt', transfer.executionDate);
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
    serviceXml(first, { priority: first.priority }),
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
