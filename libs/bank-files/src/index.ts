export { BankFileRefused, type FindingCode, type Problem, type RefusalCode } from './problem.js';
export type { AccountNumber, Agent, Coded, Party, PostalAddress, Remittance } from './parties.js';
export type { CharacterSet } from './text-rule.js';
export { isBic, isCreditorIdentifier, isIban } from './account-rule.js';
export { endToEndIdOf } from './end-to-end-id.js';
export { namespaceOf, type ReadMessage, type WrittenMessage } from './message.js';
export { defaultTransactionsPerFile, type BatchLimits } from './batch.split.js';
export type { ChargeBearer } from './payment-instruction.js';
export type { PaymentFile, PaymentFileOptions } from './payment-file.js';
export { creditTransferFiles, creditTransferProblems, type CreditTransfer } from './credit-transfer.js';
export { directDebitFiles, directDebitProblems, type DirectDebit, type Mandate, type MandateAmendment } from './direct-debit.js';
export { writePartyStatement, type PartyStatement, type PartyStatementEntry } from './party-statement.js';
export type { FileSource, ReadOptions } from './document.reader.js';
export { readNotifications, readStatements, type StatementReadOptions } from './camt.reader.js';
export { identityOf, type StatementIdentity } from './statement.identity.js';
export { movementsOf, type Movement } from './movements.js';
export type {
  Batch,
  Charge,
  Charges,
  Counterparty,
  Direction,
  EntryDate,
  EntryDetail,
  Page,
  References,
  Return,
  StatementBalance,
  StatementEnd,
  StatementEntry,
  StatementFile,
  StatementHeader,
  StatementItem,
  TransactionCode,
} from './statement.js';
export { readPaymentStatus } from './pain002.reader.js';
export {
  meaningOf,
  type GroupStatus,
  type PaymentBlockStatus,
  type PaymentStatusItem,
  type StatusCount,
  type StatusMeaning,
  type StatusReason,
  type StatusReport,
  type TransactionStatus,
} from './payment-status.js';
