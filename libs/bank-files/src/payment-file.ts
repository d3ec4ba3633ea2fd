import { splitBatches, type Batched, type BatchFacts, type BatchLimits } from './batch.split.js';
import { controlSum } from './decimal.js';
import { FieldChecks } from './field.checks.js';
import { namespaceOf, type WrittenMessage } from './message.js';
import type { Party } from './parties.js';
import { partyXml } from './payment-parts.writer.js';
import { BankFileRefused, type Problem, type RefusalCode } from './problem.js';
import type { CharacterSet } from './text-rule.js';
import { documentEnd, documentStart, element, value } from './xml.writer.js';

/** What all files of one run share. */
export interface PaymentFileOptions {
  /** Unique for each run, at most 25 characters. Files are named `<runId>-<n>`, their blocks `<runId>-<n>-<m>`, both from 1. */
  readonly runId: string;
  /** An ISO 8601 timestamp, with its offset or Z. */
  readonly createdAt: string;
  /** Who sends the file. */
  readonly initiatingParty: Party;
  readonly charset: CharacterSet;
  readonly limits?: BatchLimits;
  /** The bank books a block as one entry (true), each transaction by itself (false), or as was agreed (not given). */
  readonly batchBooking?: boolean;
}

/** A file that is ready to be sent. */
export interface PaymentFile {
  readonly messageId: string;
  readonly message: WrittenMessage;
  readonly xml: string;
  readonly transactions: number;
  /** As `CtrlSum` has it. */
  readonly controlSum: string;
  readonly sumsMinor: ReadonlyMap<string, bigint>;
  readonly blocks: readonly { readonly paymentInformationId: string; readonly endToEndIds: readonly string[] }[];
}

/** What an instruction of either kind has for the files. */
export interface Instruction {
  readonly endToEndId: string;
  readonly amountMinor: number;
  readonly currency: string;
}

/** How one kind of message is written. */
export interface PaymentMessage<Item extends Instruction> {
  readonly message: WrittenMessage;
  /** The elements above a block: `CstmrCdtTrfInitn`. */
  readonly root: string;
  readonly transaction: string;
  /** What belongs to a block and not to one transaction, as a text that is equal where it is. */
  readonly blockKey: (item: Item) => string;
  readonly check: (item: Item, block: FieldChecks, transaction: FieldChecks) => void;
  readonly write: (batch: BatchIds<Item>) => string;
}

export interface BatchIds<Item> {
  readonly paymentInformationId: string;
  readonly items: readonly Item[];
  readonly batchBooking: boolean | undefined;
}

/** What is wrong with instructions and options; nothing when files can be made of them. */
export function problemsOf<Item extends Instruction>(
  items: readonly Item[],
  kind: PaymentMessage<Item>,
  options: PaymentFileOptions,
): Problem<RefusalCode>[] {
  const root = `/Document/${kind.root}`;
  const header = new FieldChecks(`${root}/GrpHdr`, options.charset);
  header.reference('MsgId', options.runId, 25);
  header.dateTime('CreDtTm', options.createdAt);
  header.party('InitgPty', options.initiatingParty, options.charset === 'sepa');
  if (items.length === 0) header.refuse('NbOfTxs', 'text_missing', 'there is nothing to instruct');
  const seen = new Map<string, number>();
  for (const [index, item] of items.entries()) {
    const transaction = header.below(`${root}/PmtInf/${kind.transaction}[${index + 1}]`);
    kind.check(item, header.below(`${root}/PmtInf`), transaction);
    transaction.reference('PmtId/EndToEndId', item.endToEndId);
    checkLimit(item, transaction, options.limits);
    const other = seen.get(item.endToEndId);
    if (other !== undefined)
      transaction.refuse('PmtId/EndToEndId', 'reference_repeated', `${item.endToEndId} is that of instruction ${other} too`);
    seen.set(item.endToEndId, index + 1);
  }
  return header.problems;
}

function checkLimit(
  { amountMinor, currency }: Instruction,
  checks: FieldChecks,
  { sumMinorPerFile = {}, transactionsPerFile = 1 }: BatchLimits = {},
): void {
  const limit = sumMinorPerFile[currency];
  if (limit !== undefined && Number.isSafeInteger(amountMinor) && BigInt(amountMinor) > limit) {
    checks.refuse('Amt', 'limit_exceeded', `${amountMinor} minor units of ${currency} are more than one file may hold (${limit})`);
  }
  if (transactionsPerFile < 1) checks.refuse('Amt', 'limit_exceeded', 'a file may hold no transaction at all');
}

/**
 * The files of a run.
 * @throws BankFileRefused for the first of `problemsOf`
 */
export function filesOf<Item extends Instruction>(
  items: readonly Item[],
  kind: PaymentMessage<Item>,
  options: PaymentFileOptions,
): PaymentFile[] {
  const [problem] = problemsOf(items, kind, options);
  if (problem !== undefined) throw new BankFileRefused(problem);
  const facts = (item: Item): BatchFacts => ({
    block: kind.blockKey(item),
    id: item.endToEndId,
    amountMinor: item.amountMinor,
    currency: item.currency,
  });
  return splitBatches(items, facts, options.limits ?? {}).map((batch, index) =>
    fileOf(batch, kind, `${options.runId}-${index + 1}`, options),
  );
}

function fileOf<Item extends Instruction>(
  { transactions, sumsMinor, blocks }: Batched<Item>,
  kind: PaymentMessage<Item>,
  messageId: string,
  { createdAt, initiatingParty, batchBooking }: PaymentFileOptions,
): PaymentFile {
  const sum = controlSum(sumsMinor);
  const numbered = blocks.map(({ items }, index) => ({ paymentInformationId: `${messageId}-${index + 1}`, items, batchBooking }));
  const header = element(
    'GrpHdr',
    value('MsgId', messageId),
    value('CreDtTm', createdAt),
    value('NbOfTxs', transactions),
    value('CtrlSum', sum),
    partyXml('InitgPty', initiatingParty),
  );
  return {
    messageId,
    message: kind.message,
    xml: `${documentStart(namespaceOf(kind.message))}${element(kind.root, header, ...numbered.map(kind.write))}${documentEnd}`,
    transactions,
    controlSum: sum,
    sumsMinor,
    blocks: numbered.map(({ paymentInformationId, items }) => ({
      paymentInformationId,
      endToEndIds: items.map(({ endToEndId }) => endToEndId),
    })),
  };
}

/** `NbOfTxs` and `CtrlSum` of one block, all of one currency. */
export function blockTotals(items: readonly Instruction[]): string {
  const sums = new Map<string, bigint>();
  for (const { amountMinor, currency } of items) sums.set(currency, (sums.get(currency) ?? 0n) + BigInt(amountMinor));
  return value('NbOfTxs', items.length) + value('CtrlSum', controlSum(sums));
}
