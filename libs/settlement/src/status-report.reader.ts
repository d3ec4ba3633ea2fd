import { meaningOf, readPaymentStatus, type FileSource, type GroupStatus, type PaymentFile, type StatusReason } from '@tongbao/bank-files';
import { BankFileUnusable } from './bank-file.problem.js';

/** What a status report says of one of the hub's files. */
export interface ReadReport {
  messageId: string;
  status?: string;
  /** By end-to-end id. */
  rejected: { endToEndId: string; code: string; information?: string }[];
}

interface Level {
  status?: string | undefined;
  reasons: readonly StatusReason[];
}

/**
 * Reads pain.002. A status holds for all below it that is not named; only what is rejected matters, as accepted is not paid and even settled needs its statement line.
 * @param fileOf the hub's own file of that message id
 * @throws BankFileRefused when it cannot be read, BankFileUnusable when it speaks of what the hub has never sent
 */
export async function readStatusReport(
  source: FileSource,
  fileOf: (messageId: string) => Promise<PaymentFile | undefined>,
): Promise<ReadReport | undefined> {
  let group: GroupStatus | undefined;
  const blocks = new Map<string, Level>();
  const transactions = new Map<string, Level & { line: number }>();
  for await (const item of readPaymentStatus(source)) {
    if (item.kind === 'group') group = item.group;
    if (item.kind === 'payment') blocks.set(item.payment.originalPaymentInformationId, item.payment);
    if (item.kind === 'transaction' && item.transaction.originalEndToEndId !== undefined)
      transactions.set(item.transaction.originalEndToEndId, item.transaction);
  }
  if (!group) return undefined;
  const { originalMessageId: messageId, status, line } = group;
  const file = await fileOf(messageId);
  if (!file) {
    const path = '/Document/CstmrPmtStsRpt/OrgnlGrpInfAndSts/OrgnlMsgId';
    throw new BankFileUnusable({ code: 'message_not_ours', path, line, detail: `the hub has sent no file ${messageId}` });
  }
  requireOurs(file, transactions);
  const rejected = file.blocks.flatMap(({ paymentInformationId, endToEndIds }) =>
    endToEndIds.flatMap((endToEndId) => rejectionOf(endToEndId, [transactions.get(endToEndId), blocks.get(paymentInformationId), group])),
  );
  return { messageId, ...(status !== undefined && { status }), rejected };
}

function requireOurs(file: PaymentFile, transactions: ReadonlyMap<string, { line: number }>): void {
  const own = new Set(file.blocks.flatMap(({ endToEndIds }) => endToEndIds));
  for (const [endToEndId, { line }] of transactions) {
    if (own.has(endToEndId)) continue;
    const path = '/Document/CstmrPmtStsRpt/OrgnlPmtInfAndSts/TxInfAndSts/OrgnlEndToEndId';
    throw new BankFileUnusable({ code: 'transaction_not_ours', path, line, detail: `${file.messageId} has no transaction ${endToEndId}` });
  }
}

/** The first level that says something, from the transaction up, counts. */
function rejectionOf(endToEndId: string, levels: readonly (Level | undefined)[]): ReadReport['rejected'] {
  const level = levels.find((each) => each?.status !== undefined);
  if (level?.status === undefined || meaningOf(level.status) !== 'rejected') return [];
  const said = level.reasons.find(({ reason }) => reason !== undefined) ?? levels.flatMap((each) => each?.reasons ?? [])[0];
  const code = said?.reason === undefined ? level.status : 'code' in said.reason ? said.reason.code : said.reason.proprietary;
  const information = said?.information.join(' ');
  return [{ endToEndId, code, ...(information && { information }) }];
}
