import { amountNode, codedAt, moneyAt, moneyOf } from './iso-values.js';
import type { Visitor } from './document.parser.js';
import { readDocument, type FileSource, type ReadOptions } from './document.reader.js';
import type { GroupStatus, PaymentBlockStatus, PaymentStatusItem, StatusCount, StatusReason, TransactionStatus } from './payment-status.js';
import { at, child, childrenOf, textAt, textOf, type XmlNode } from './xml-node.js';

/**
 * Reads pain.002.001.12, customer payment status report, in bounded memory.
 * @throws BankFileRefused when the file cannot be read: what was given before must then not be used
 */
export const readPaymentStatus = (source: FileSource, options: ReadOptions = {}): AsyncGenerator<PaymentStatusItem> =>
  readDocument<PaymentStatusItem>(source, 'pain.002.001.12', (give) => new StatusVisitor(give), options);

class StatusVisitor implements Visitor {
  readonly parts = new Set(['GrpHdr', 'OrgnlGrpInfAndSts', 'OrgnlPmtInfAndSts', 'TxInfAndSts']);
  /** Of the block that is open, once given. */
  #block: PaymentBlockStatus | undefined;

  constructor(private readonly give: (item: PaymentStatusItem) => void) {}

  opened(part: XmlNode): void {
    if (part.name === 'TxInfAndSts' && part.parent !== undefined) this.#begin(part.parent);
  }

  closed(part: XmlNode): void {
    switch (part.name) {
      case 'GrpHdr':
        this.give({ kind: 'report', report: { messageId: textOf(part, 'MsgId'), createdAt: textOf(part, 'CreDtTm') } });
        break;
      case 'OrgnlGrpInfAndSts':
        this.give({ kind: 'group', group: groupOf(part) });
        break;
      case 'TxInfAndSts': {
        const { originalPaymentInformationId } = this.#begin(part.parent);
        this.give({ kind: 'transaction', transaction: transactionOf(part, originalPaymentInformationId) });
        break;
      }
      case 'OrgnlPmtInfAndSts':
        this.#begin(part);
        this.#block = undefined;
        break;
    }
  }

  /** Gives the block, once: all but its transactions stands before them. */
  #begin(node: XmlNode | undefined): PaymentBlockStatus {
    if (this.#block !== undefined) return this.#block;
    if (node === undefined) throw new Error('a transaction outside a block');
    this.#block = blockOf(node);
    this.give({ kind: 'payment', payment: this.#block });
    return this.#block;
  }
}

/** OriginalGroupHeader17. */
const groupOf = (node: XmlNode): GroupStatus => ({
  line: node.line,
  originalMessageId: textOf(node, 'OrgnlMsgId'),
  originalMessageName: textOf(node, 'OrgnlMsgNmId'),
  originalTransactions: countAt(node, 'OrgnlNbOfTxs'),
  originalControlSum: textAt(node, 'OrgnlCtrlSum'),
  status: textAt(node, 'GrpSts'),
  reasons: reasonsOf(node),
  counts: countsOf(node),
});

/** OriginalPaymentInstruction40. */
const blockOf = (node: XmlNode): PaymentBlockStatus => ({
  line: node.line,
  originalPaymentInformationId: textOf(node, 'OrgnlPmtInfId'),
  originalTransactions: countAt(node, 'OrgnlNbOfTxs'),
  originalControlSum: textAt(node, 'OrgnlCtrlSum'),
  status: textAt(node, 'PmtInfSts'),
  reasons: reasonsOf(node),
  counts: countsOf(node),
});

/** PaymentTransaction129. */
const transactionOf = (node: XmlNode, originalPaymentInformationId: string): TransactionStatus => ({
  line: node.line,
  originalPaymentInformationId,
  statusId: textAt(node, 'StsId'),
  originalInstructionId: textAt(node, 'OrgnlInstrId'),
  originalEndToEndId: textAt(node, 'OrgnlEndToEndId'),
  originalUetr: textAt(node, 'OrgnlUETR'),
  status: textAt(node, 'TxSts'),
  reasons: reasonsOf(node),
  charges: childrenOf(node, 'ChrgsInf').map((each) => moneyOf(amountNode(each))),
  acceptedAt: textAt(node, 'AccptncDtTm'),
  servicerReference: textAt(node, 'AcctSvcrRef'),
  clearingSystemReference: textAt(node, 'ClrSysRef'),
  originalAmount: moneyAt(at(node, 'OrgnlTxRef', 'Amt', 'InstdAmt')),
});

function countAt(node: XmlNode, name: string): number | undefined {
  const text = textAt(node, name);
  return text === undefined ? undefined : Number(text);
}

const reasonsOf = (node: XmlNode): StatusReason[] =>
  childrenOf(node, 'StsRsnInf').map((each) => ({
    reason: codedAt(child(each, 'Rsn')),
    originator: textAt(each, 'Orgtr', 'Nm'),
    information: childrenOf(each, 'AddtlInf').map(({ text }) => text),
  }));

const countsOf = (node: XmlNode): StatusCount[] =>
  childrenOf(node, 'NbOfTxsPerSts').map((each) => ({
    status: textOf(each, 'DtldSts'),
    transactions: Number(textOf(each, 'DtldNbOfTxs')),
    controlSum: textAt(each, 'DtldCtrlSum'),
  }));
