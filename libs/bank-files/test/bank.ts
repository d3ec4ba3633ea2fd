import type { Money } from '@tongbao/money';
import { decimalOf } from '../src/decimal.js';
import type { EntryDetail, StatementEntry, StatementItem, TransactionStatus } from '../src/index.js';
import { namespaceOf } from '../src/message.js';
import { accountXml } from '../src/payment-parts.writer.js';
import { amount, documentEnd, documentStart, element, value } from '../src/xml.writer.js';

/** The bank's side, for tests: what a bank would write of what the reader gives. */

const money = (name: string, of: Money | undefined): string =>
  of === undefined ? '' : amount(name, decimalOf(of.amountMinor, of.currency), of.currency);
const indicator = (direction: 'credit' | 'debit' | undefined): string =>
  value('CdtDbtInd', direction && (direction === 'credit' ? 'CRDT' : 'DBIT'));
const coded = (name: string, of: { code: string } | { proprietary: string } | undefined): string =>
  of === undefined ? '' : element(name, 'code' in of ? value('Cd', of.code) : value('Prtry', of.proprietary));

const detailXml = (detail: EntryDetail, currency: string): string => {
  const { references: refs, amountMinor, instructed, debtor, creditor, returned } = detail;
  return element(
    'TxDtls',
    element(
      'Refs',
      value('MsgId', refs.messageId),
      value('AcctSvcrRef', refs.servicerReference),
      value('PmtInfId', refs.paymentInformationId),
      value('InstrId', refs.instructionId),
      value('EndToEndId', refs.endToEndId),
    ),
    money('Amt', amountMinor === undefined ? undefined : { amountMinor, currency }),
    indicator(detail.direction),
    element('AmtDtls', element('InstdAmt', money('Amt', instructed))),
    element(
      'RltdPties',
      element('Dbtr', element('Pty', value('Nm', debtor.name))),
      debtor.account === undefined ? '' : accountXml('DbtrAcct', debtor.account),
      element('Cdtr', element('Pty', value('Nm', creditor.name))),
      creditor.account === undefined ? '' : accountXml('CdtrAcct', creditor.account),
    ),
    element('RmtInf', ...detail.remittance.map((line) => value('Ustrd', line))),
    returned === undefined
      ? ''
      : element('RtrInf', coded('Rsn', returned.reason), ...returned.information.map((line) => value('AddtlInf', line))),
    value('AddtlTxInf', detail.information),
  );
};

export const entryXml = (entry: StatementEntry): string =>
  element(
    'Ntry',
    value('NtryRef', entry.reference),
    money('Amt', entry),
    indicator(entry.direction),
    value('RvslInd', entry.isReversal),
    coded('Sts', entry.status),
    element('BookgDt', value('Dt', entry.booked?.on)),
    element('ValDt', value('DtTm', entry.value?.at)),
    value('AcctSvcrRef', entry.servicerReference),
    element('BkTxCd', element('Prtry', value('Cd', entry.transactionCode.proprietary), value('Issr', entry.transactionCode.issuer))),
    entry.details.length === 0
      ? ''
      : `<NtryDtls>${entry.details.map((detail) => detailXml(detail, entry.currency)).join('') || ''}</NtryDtls>`,
    value('AddtlNtryInf', entry.information),
  );

const balanceXml = (code: string, amountMinor: number, currency: string): string =>
  element(
    'Bal',
    element('Tp', element('CdOrPrtry', value('Cd', code))),
    money('Amt', { amountMinor, currency }),
    indicator(amountMinor < 0 ? 'debit' : 'credit'),
    element('Dt', value('Dt', '2026-11-20')),
  );

export const statementStart = (currency: string, openingMinor: number, closingMinor: number): string =>
  `${documentStart(namespaceOf('camt.053.001.08'))}<BkToCstmrStmt><GrpHdr><MsgId>M</MsgId><CreDtTm>2026-11-20T00:00:00Z</CreDtTm></GrpHdr><Stmt><Id>S</Id>${[
    accountXml('Acct', { iban: 'DE89370400440532013000' }, value('Ccy', currency)),
    balanceXml('OPBD', openingMinor, currency),
    balanceXml('CLBD', closingMinor, currency),
  ].join('')}\n`;
export const statementEnd = `</Stmt></BkToCstmrStmt>${documentEnd}`;

export const entriesOf = (items: readonly StatementItem[]): StatementEntry[] =>
  items.flatMap((item) => (item.kind === 'entry' ? [item.entry] : []));

export const statusXml = (transaction: TransactionStatus): string =>
  element(
    'TxInfAndSts',
    value('StsId', transaction.statusId),
    value('OrgnlInstrId', transaction.originalInstructionId),
    value('OrgnlEndToEndId', transaction.originalEndToEndId),
    value('TxSts', transaction.status),
    ...transaction.reasons.map((reason) =>
      element(
        'StsRsnInf',
        element('Orgtr', value('Nm', reason.originator)),
        coded('Rsn', reason.reason),
        ...reason.information.map((line) => value('AddtlInf', line)),
      ),
    ),
    value('AccptncDtTm', transaction.acceptedAt),
    value('AcctSvcrRef', transaction.servicerReference),
    element('OrgnlTxRef', element('Amt', money('InstdAmt', transaction.originalAmount))),
  );
