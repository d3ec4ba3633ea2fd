import type { FieldChecks } from './field.checks.js';
import type { AccountNumber, Agent, Party, Remittance } from './parties.js';
import { element, value } from './xml.writer.js';

/** Who bears the banks' charges: payer, payee, each their own, or as the service level says. */
export type ChargeBearer = 'DEBT' | 'CRED' | 'SHAR' | 'SLEV';

/** What an order to pay and an order to collect have in common. */
export interface PaymentInstruction {
  /** Comes back on statements and status reports: see `endToEndIdOf`. */
  readonly endToEndId: string;
  /** Between us and our bank only. */
  readonly instructionId?: string;
  /** Above 0. */
  readonly amountMinor: number;
  readonly currency: string;
  readonly remittance?: Remittance;
  /** Codes of ISO's external lists. `SEPA` brings the rules of the SEPA schemes with it; their direct debits' instruments are `CORE` and `B2B`. */
  readonly serviceLevel?: string;
  readonly localInstrument?: string;
  readonly categoryPurpose?: string;
  readonly purpose?: string;
  readonly chargeBearer?: ChargeBearer;
}

/** One side of it, by the name that it has in the file. */
export interface PaymentSide {
  readonly role: 'Dbtr' | 'Cdtr';
  readonly party: Party;
  readonly account: AccountNumber;
  readonly agent: Agent | undefined;
}

/** Ours stands once for the block, the other one with each transaction; `amountPath` is where the message has the amount. */
export interface PaymentSides {
  readonly own: PaymentSide;
  readonly other: PaymentSide;
  readonly amountPath: string;
}

/** What any such order must keep to, and the rules of SEPA where it is of SEPA. */
export function checkInstruction(
  instruction: PaymentInstruction,
  { own, other, amountPath }: PaymentSides,
  block: FieldChecks,
  transaction: FieldChecks,
): void {
  const { amountMinor, currency, serviceLevel } = instruction;
  const isSepa = serviceLevel === 'SEPA';
  block.code('PmtTpInf/SvcLvl/Cd', serviceLevel);
  block.code('PmtTpInf/LclInstrm/Cd', instruction.localInstrument, 35);
  block.code('PmtTpInf/CtgyPurp/Cd', instruction.categoryPurpose);
  checkSide(own, block, isSepa);
  transaction.reference('PmtId/InstrId', instruction.instructionId);
  transaction.amount(amountPath, amountMinor, currency);
  checkSide(other, transaction, isSepa);
  transaction.code('Purp/Cd', instruction.purpose);
  transaction.remittance('RmtInf', instruction.remittance, isSepa);
  if (!isSepa) return;
  block.sepaAccount(`${own.role}Acct`, own.account);
  block.sepaChargeBearer('ChrgBr', instruction.chargeBearer);
  transaction.sepaAccount(`${other.role}Acct`, other.account);
  transaction.sepaAmount(amountPath, amountMinor, currency);
}

function checkSide({ role, party, account, agent }: PaymentSide, checks: FieldChecks, isSepa: boolean): void {
  checks.party(role, party, isSepa);
  checks.account(`${role}Acct`, account);
  checks.agent(`${role}Agt`, agent);
}

/** What of it a block is of: the account, and the service by which the bank is to carry it out. */
export const blockKeyOf = (account: AccountNumber, { currency, ...service }: PaymentInstruction): unknown[] => [
  'iban' in account ? ['iban', account.iban] : ['other', account.scheme, account.other],
  currency,
  [service.serviceLevel, service.localInstrument, service.categoryPurpose, service.chargeBearer],
];

/** PaymentTypeInformation26 and 29. */
export const serviceXml = (
  { serviceLevel, localInstrument, categoryPurpose }: PaymentInstruction,
  { priority, sequence }: { readonly priority?: string | undefined; readonly sequence?: string },
): string =>
  element(
    'PmtTpInf',
    value('InstrPrty', priority),
    element('SvcLvl', value('Cd', serviceLevel)),
    element('LclInstrm', value('Cd', localInstrument)),
    value('SeqTp', sequence),
    element('CtgyPurp', value('Cd', categoryPurpose)),
  );
