import {
  creditTransferFiles,
  creditTransferProblems,
  directDebitFiles,
  directDebitProblems,
  endToEndIdOf,
  type Agent,
  type CreditTransfer,
  type DirectDebit,
  type PaymentFile,
  type PaymentFileOptions,
} from '@tongbao/bank-files';
import type { AccountRoute, InstructionTaken } from '@tongbao/contracts';
import type { BankInstruction } from './bank.js';
import { accountNumberOf, type FileBankSettings } from './file-bank.settings.js';

/** An instruction as files have it. */
export type FiledInstruction = Pick<
  InstructionTaken,
  'endToEndId' | 'direction' | 'amountMinor' | 'currency' | 'accountNumber' | 'holder' | 'route' | 'reference'
>;

/** What the files of a run are made with: the same run always makes the same files, byte by byte. */
export interface RunDates {
  runId: string;
  closedAt: string;
  executionDate: string;
  collectionDate: string;
}

/** Any run: what is wrong with an instruction does not depend on it. */
const anyRun: RunDates = {
  runId: 'check',
  closedAt: '2026-01-01T00:00:00Z',
  executionDate: '9999-12-31',
  collectionDate: '9999-12-31',
};

/** Why a bank would refuse an instruction as it stands; nothing when it can go into a file. */
export function instructionProblem(instruction: BankInstruction, settings: FileBankSettings): string | undefined {
  const filed = { ...instruction, endToEndId: endToEndIdOf(instruction.key, settings.charset) };
  if (filed.direction === 'payout')
    return creditTransferProblems([transferOf(filed, settings, anyRun)], optionsOf(settings, anyRun, 'P'))[0]?.code;
  if (settings.creditorId === undefined) return 'creditor_id_missing';
  if (!filed.route?.mandate) return 'mandate_missing';
  return directDebitProblems([debitOf(filed, settings, anyRun)], optionsOf(settings, anyRun, 'D'))[0]?.code;
}

/** The files of a run: payouts and withdrawals as pain.001, collections as pain.008, each within the limits. */
export function filesOfRun(instructions: readonly FiledInstruction[], settings: FileBankSettings, run: RunDates): PaymentFile[] {
  const transfers = instructions.filter(({ direction }) => direction === 'payout').map((each) => transferOf(each, settings, run));
  const debits = instructions.filter(({ direction }) => direction === 'collection').map((each) => debitOf(each, settings, run));
  return [
    ...(transfers.length > 0 ? creditTransferFiles(transfers, optionsOf(settings, run, 'P')) : []),
    ...(debits.length > 0 ? directDebitFiles(debits, optionsOf(settings, run, 'D')) : []),
  ];
}

/** @param kind keeps the ids of payments and of debits apart */
const optionsOf = (settings: FileBankSettings, { runId, closedAt }: RunDates, kind: 'P' | 'D'): PaymentFileOptions => ({
  runId: `${runId}${kind}`,
  createdAt: closedAt,
  initiatingParty: { name: settings.holder },
  charset: settings.charset,
  limits: { transactionsPerFile: settings.transactionsPerFile, sumMinorPerFile: settings.sumMinorPerFile },
});

function transferOf(instruction: FiledInstruction, settings: FileBankSettings, { executionDate }: RunDates): CreditTransfer {
  const creditorAgent = agentOf(instruction.route);
  return {
    ...moneyOf(instruction, settings),
    executionDate,
    debtor: { name: settings.holder },
    debtorAccount: accountNumberOf(settings.account),
    ...(settings.bic !== undefined && { debtorAgent: { bic: settings.bic } }),
    creditor: { name: instruction.holder },
    creditorAccount: accountNumberOf(instruction.accountNumber),
    ...(creditorAgent && { creditorAgent }),
  };
}

function debitOf(instruction: FiledInstruction, settings: FileBankSettings, { collectionDate }: RunDates): DirectDebit {
  const { route } = instruction;
  const debtorAgent = agentOf(route);
  return {
    ...moneyOf(instruction, settings),
    collectionDate,
    creditor: { name: settings.holder },
    creditorAccount: accountNumberOf(settings.account),
    ...(settings.bic !== undefined && { creditorAgent: { bic: settings.bic } }),
    creditorIdentifier: settings.creditorId ?? '',
    sequence: 'RCUR',
    mandate: route?.mandate ?? { mandateId: '', signedOn: '' },
    debtor: { name: instruction.holder },
    debtorAccount: accountNumberOf(instruction.accountNumber),
    ...(debtorAgent && { debtorAgent }),
    ...(settings.serviceLevel === 'SEPA' && { localInstrument: 'CORE' }),
  };
}

function moneyOf({ endToEndId, amountMinor, currency, reference }: FiledInstruction, { charset, serviceLevel }: FileBankSettings) {
  // The hub's own ids have underscores, which the Latin set does not: it is only what people read.
  const line = charset === 'sepa' ? reference.replaceAll('_', '-') : reference;
  return {
    endToEndId,
    amountMinor,
    currency,
    remittance: { lines: [line] },
    ...(serviceLevel !== undefined && { serviceLevel }),
    ...(serviceLevel === 'SEPA' && { chargeBearer: 'SLEV' as const }),
  };
}

function agentOf(route: AccountRoute | undefined): Agent | undefined {
  if (route?.bic !== undefined) return { bic: route.bic };
  if (!route?.clearing) return undefined;
  const { memberId, system } = route.clearing;
  return { memberId, ...(system !== undefined && { clearingSystem: system }) };
}
