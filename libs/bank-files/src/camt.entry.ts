import type { Coded } from './parties.js';
import {
  accountAt,
  amountNode,
  chargesAt,
  codedAt,
  codedOf,
  dateAt,
  directionAt,
  directionOf,
  isTrue,
  moneyAt,
  moneyOf,
  transactionCodeAt,
} from './iso-values.js';
import type { Batch, Counterparty, EntryDetail, References, Return, StatementEntry } from './statement.js';
import { at, child, childrenOf, pathOf, textAt, type XmlNode } from './xml-node.js';

/** `Ntry` of camt.053.001.08 and camt.054.001.08 (ReportEntry10), its details and batches aside. */
export function entryOf(
  node: XmlNode,
  index: number,
  parts: { details: readonly EntryDetail[]; batches: readonly Batch[] },
): StatementEntry {
  const status = codedOf(child(node, 'Sts'));
  const transactionCode = transactionCodeAt(child(node, 'BkTxCd'));
  if (transactionCode === undefined) throw new Error(`the schema does not make BkTxCd of ${pathOf(node)} compulsory`);
  return {
    index,
    line: node.line,
    reference: textAt(node, 'NtryRef'),
    ...moneyOf(amountNode(node)),
    direction: directionOf(node),
    isReversal: isTrue(textAt(node, 'RvslInd')),
    status,
    isBooked: isBooked(status),
    booked: dateAt(child(node, 'BookgDt')),
    value: dateAt(child(node, 'ValDt')),
    servicerReference: textAt(node, 'AcctSvcrRef'),
    transactionCode,
    charges: chargesAt(child(node, 'Chrgs')),
    ...parts,
    information: textAt(node, 'AddtlNtryInf'),
  };
}

const isBooked = (status: Coded): boolean => 'code' in status && status.code === 'BOOK';

/** `NtryDtls/Btch` (BatchInformation2). */
export function batchOf(node: XmlNode): Batch {
  const transactions = textAt(node, 'NbOfTxs');
  return {
    messageId: textAt(node, 'MsgId'),
    paymentInformationId: textAt(node, 'PmtInfId'),
    transactions: transactions === undefined ? undefined : Number(transactions),
    total: moneyAt(child(node, 'TtlAmt')),
    direction: directionAt(node),
  };
}

/**
 * `NtryDtls/TxDtls` (EntryTransaction10).
 * @param currency the entry's: a transaction's amount counts only in it. Where `Amt` is in another, `AmtDtls/TxAmt` may be in it
 */
export function detailOf(node: XmlNode, currency: string): EntryDetail {
  const amounts = [child(node, 'Amt'), at(node, 'AmtDtls', 'TxAmt', 'Amt')].map(moneyAt);
  const parties = child(node, 'RltdPties');
  const agents = child(node, 'RltdAgts');
  const remittance = child(node, 'RmtInf');
  return {
    line: node.line,
    references: referencesOf(child(node, 'Refs')),
    amountMinor: amounts.find((each) => each?.currency === currency)?.amountMinor,
    direction: directionAt(node),
    instructed: moneyAt(at(node, 'AmtDtls', 'InstdAmt', 'Amt')),
    transactionCode: transactionCodeAt(child(node, 'BkTxCd')),
    charges: chargesAt(child(node, 'Chrgs')),
    debtor: counterparty(parties, agents, 'Dbtr'),
    creditor: counterparty(parties, agents, 'Cdtr'),
    remittance: childrenOf(remittance, 'Ustrd').map(({ text }) => text),
    creditorReference: textAt(remittance, 'Strd', 'CdtrRefInf', 'Ref'),
    purpose: codedAt(child(node, 'Purp')),
    returned: returnOf(child(node, 'RtrInf')),
    information: textAt(node, 'AddtlTxInf'),
  };
}

function referencesOf(node: XmlNode | undefined): References {
  return {
    messageId: textAt(node, 'MsgId'),
    servicerReference: textAt(node, 'AcctSvcrRef'),
    paymentInformationId: textAt(node, 'PmtInfId'),
    instructionId: textAt(node, 'InstrId'),
    endToEndId: textAt(node, 'EndToEndId'),
    uetr: textAt(node, 'UETR'),
    transactionId: textAt(node, 'TxId'),
    mandateId: textAt(node, 'MndtId'),
    clearingSystemReference: textAt(node, 'ClrSysRef'),
  };
}

function counterparty(parties: XmlNode | undefined, agents: XmlNode | undefined, role: 'Dbtr' | 'Cdtr'): Counterparty {
  const party = child(parties, role);
  return {
    name: textAt(party, 'Pty', 'Nm') ?? textAt(party, 'Agt', 'FinInstnId', 'Nm'),
    account: accountAt(child(parties, `${role}Acct`)),
    bic: textAt(agents, `${role}Agt`, 'FinInstnId', 'BICFI'),
  };
}

function returnOf(node: XmlNode | undefined): Return | undefined {
  if (node === undefined) return undefined;
  return { reason: codedAt(child(node, 'Rsn')), information: childrenOf(node, 'AddtlInf').map(({ text }) => text) };
}
