import { accountAt, amountNode, codedAt, codedOf, dateAt, directionOf, moneyOf, pageAt, signed } from './iso-values.js';
import type { AccountNumber, Coded } from './parties.js';
import type { Page, StatementBalance, StatementFile, StatementHeader } from './statement.js';
import { at, child, childrenOf, pathOf, textAt, textOf, type XmlNode } from './xml-node.js';

/** `GrpHdr` (GroupHeader81). */
export function fileOf(node: XmlNode, message: StatementFile['message']): StatementFile {
  return { message, messageId: textOf(node, 'MsgId'), createdAt: textOf(node, 'CreDtTm'), page: pageAt(child(node, 'MsgPgntn')) };
}

/** What stands before the entries of `Stmt` (AccountStatement9) or `Ntfctn` (AccountNotification17). */
export function headerOf(node: XmlNode, index: number, filePage: Page | undefined): StatementHeader {
  const balances = childrenOf(node, 'Bal').map(balanceOf);
  const { opening, closing } = openingAndClosing(balances);
  return {
    index,
    line: node.line,
    statementId: textOf(node, 'Id'),
    account: accountOf(node),
    currency: textAt(node, 'Acct', 'Ccy') ?? opening?.currency ?? closing?.currency,
    owner: textAt(node, 'Acct', 'Ownr', 'Nm'),
    electronicSequence: textAt(node, 'ElctrncSeqNb'),
    legalSequence: textAt(node, 'LglSeqNb'),
    page: pageAt(child(node, 'StmtPgntn') ?? child(node, 'NtfctnPgntn')) ?? filePage,
    createdAt: textAt(node, 'CreDtTm'),
    from: textAt(node, 'FrToDt', 'FrDtTm'),
    to: textAt(node, 'FrToDt', 'ToDtTm'),
    copy: copyOf(textAt(node, 'CpyDplctInd')),
    balances,
    opening,
    closing,
  };
}

function accountOf(node: XmlNode): AccountNumber {
  const account = accountAt(child(node, 'Acct'));
  if (account === undefined) throw new Error(`the schema does not make Acct of ${pathOf(node)} compulsory`);
  return account;
}

const copyOf = (text: string | undefined): StatementHeader['copy'] =>
  text === 'DUPL' || text === 'COPY' || text === 'CODU' ? text : undefined;

function balanceOf(node: XmlNode): StatementBalance {
  const { amountMinor, currency } = moneyOf(amountNode(node));
  return {
    type: codedOf(at(node, 'Tp', 'CdOrPrtry')),
    subType: codedAt(at(node, 'Tp', 'SubTp')),
    amountMinor: signed(amountMinor, directionOf(node)),
    currency,
    on: dateAt(child(node, 'Dt'))?.on ?? '',
    line: node.line,
  };
}

const hasCode = (coded: Coded, code: string): boolean => 'code' in coded && coded.code === code;

/**
 * The booked balances before and after the entries: OPBD, else PRCD (the closing balance of the statement before), else the first ITBD of a page; CLBD, else
 * the last ITBD. A page that has only one ITBD uses it on the side that has no other balance.
 */
function openingAndClosing(balances: readonly StatementBalance[]): Pick<StatementHeader, 'opening' | 'closing'> {
  const first = (code: string): StatementBalance | undefined => balances.find(({ type }) => hasCode(type, code));
  const interim = balances.filter(({ type }) => hasCode(type, 'ITBD'));
  const opening = first('OPBD') ?? first('PRCD');
  const closing = first('CLBD');
  if (opening !== undefined) return { opening, closing: closing ?? interim.at(-1) };
  return { opening: interim[0], closing: closing ?? (interim.length > 1 ? interim.at(-1) : undefined) };
}
