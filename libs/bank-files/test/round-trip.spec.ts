import fc from 'fast-check';
import { ensureTools } from '@tongbao/local-services';
import {
  creditTransferFiles,
  movementsOf,
  readPaymentStatus,
  readStatements,
  writePartyStatement,
  type CreditTransfer,
  type EntryDetail,
  type PartyStatementEntry,
  type StatementEntry,
  type TransactionStatus,
} from '../src/index.js';
import { amountMinorOf } from '../src/decimal.js';
import { accountAt, signed } from '../src/iso-values.js';
import { namespaceOf } from '../src/message.js';
import { lengthOf } from '../src/simple-value.js';
import { at, child, childrenOf, textAt } from '../src/xml-node.js';
import { documentEnd, documentStart } from '../src/xml.writer.js';
import { entriesOf, entryXml, statementEnd, statementStart, statusXml } from './bank.js';
import { all } from './golden.js';
import { chineseTransfer, options, partyStatement } from './samples.js';
import { parseWritten } from './written.js';
import { invalid } from './xmllint.js';

const letters = 'a Z 0 9 < > & " \' ]]> 漢 字 é 😀 - _ /'.split(' ');
const text = (most: number): fc.Arbitrary<string> =>
  fc
    .array(fc.constantFrom(...letters), { minLength: 1, maxLength: most })
    .map((list) => list.join('').trim())
    .filter((each) => each !== '' && lengthOf(each) <= most);
const optional = <T>(of: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(of, { nil: undefined });
const account = fc.oneof(fc.constant({ iban: 'NL91ABNA0417164300' }), fc.record({ other: text(34) }));
const currency = fc.constantFrom('EUR', 'JPY', 'KWD', 'CNY');
const direction = fc.constantFrom('credit' as const, 'debit' as const);
const none = undefined;

const transfers: fc.Arbitrary<CreditTransfer[]> = fc.uniqueArray(
  fc.record({
    endToEndId: text(35),
    amountMinor: fc.integer({ min: 1, max: 10 ** 12 }),
    currency,
    executionDate: fc.constantFrom('2026-11-20', '2026-11-21'),
    debtor: fc.constant(chineseTransfer.debtor),
    debtorAccount: fc.constant(chineseTransfer.debtorAccount),
    creditor: text(140).map((name) => ({ name })),
    creditorAccount: account,
    remittance: optional(fc.array(text(140), { minLength: 1, maxLength: 3 }).map((lines) => ({ lines }))),
  }),
  { selector: ({ endToEndId }) => endToEndId, minLength: 1, maxLength: 20 },
);

/** What a bank would read of a pain.001, by end-to-end id. */
function transfersOf(xml: string): unknown[] {
  const blocks = childrenOf(at(parseWritten('pain.001.001.09', xml), 'CstmrCdtTrfInitn'), 'PmtInf');
  return blocks.flatMap((block) =>
    childrenOf(block, 'CdtTrfTxInf').map((each) => {
      const money = at(each, 'Amt', 'InstdAmt')!;
      const lines = childrenOf(child(each, 'RmtInf'), 'Ustrd').map((line) => line.text);
      return {
        endToEndId: textAt(each, 'PmtId', 'EndToEndId'),
        amountMinor: amountMinorOf(money.text, money.currency!),
        currency: money.currency,
        executionDate: textAt(block, 'ReqdExctnDt', 'Dt'),
        debtor: { name: textAt(block, 'Dbtr', 'Nm') },
        debtorAccount: accountAt(child(block, 'DbtrAcct')),
        creditor: { name: textAt(each, 'Cdtr', 'Nm') },
        creditorAccount: accountAt(child(each, 'CdtrAcct')),
        remittance: lines.length === 0 ? none : { lines },
      };
    }),
  );
}

const idOf = (transfer: unknown): string => (transfer as CreditTransfer).endToEndId;
const byId = (list: readonly unknown[]): unknown[] => [...list].sort((a, b) => (idOf(a) < idOf(b) ? -1 : 1));
const utf8 = { ...options, charset: 'utf-8' as const };

describe('pain.001.001.09', () => {
  it('says what was to be said, however it is split', () =>
    fc.assert(
      fc.property(transfers, fc.integer({ min: 1, max: 5 }), (list, transactionsPerFile) => {
        const files = creditTransferFiles(list, { ...utf8, limits: { transactionsPerFile } });
        expect(byId(files.flatMap(({ xml }) => transfersOf(xml)))).toEqual(byId(list));
      }),
    ));

  it('is valid whatever it says', async () => {
    await ensureTools(['xmllint']);
    const files = fc
      .sample(transfers, { numRuns: 100, seed: 7 })
      .flatMap((list) => creditTransferFiles(list, { ...utf8, limits: { transactionsPerFile: 7 } }));
    expect(
      await invalid(
        'pain.001.001.09',
        files.map(({ xml }) => xml),
      ),
    ).toBe('');
  });
});

describe('a party statement', () => {
  const entry: fc.Arbitrary<PartyStatementEntry> = fc.record({
    reference: text(35),
    amountMinor: fc.integer({ min: -(10 ** 12), max: 10 ** 12 }),
    isReversal: fc.boolean(),
    bookedAt: fc.constantFrom('2026-11-20', '2026-11-20T10:00:00.5Z'),
    kind: text(35),
    issuer: text(35),
    endToEndId: optional(text(35)),
    counterparty: optional(text(140)),
    lines: optional(fc.array(text(140), { minLength: 1, maxLength: 3 })),
    information: optional(text(500)),
  });

  it('reads back as it was written', () =>
    fc.assert(
      fc.asyncProperty(fc.array(entry, { maxLength: 10 }), currency, async (entries, in_) => {
        const closing = { amountMinor: entries.reduce((sum, { amountMinor }) => sum + BigInt(amountMinor), -50n), on: '2026-11-30' };
        const pieces = await all(writePartyStatement({ ...partyStatement, currency: in_, closing, totals: none }, entries));
        const items = await all(readStatements(pieces));
        expect(items.at(-1)).toMatchObject({ end: { problems: 0, entries: entries.length } });
        const read = entriesOf(items).map((each): PartyStatementEntry => {
          const [detail] = each.details;
          return {
            reference: each.reference!,
            amountMinor: signed(each.amountMinor, each.direction),
            isReversal: each.isReversal,
            bookedAt: each.booked?.at ?? each.booked!.on,
            kind: each.transactionCode.proprietary!,
            issuer: each.transactionCode.issuer!,
            endToEndId: detail?.references.endToEndId,
            counterparty: each.amountMinor < 0 || each.direction === 'debit' ? detail?.creditor.name : detail?.debtor.name,
            lines: detail?.remittance.length === 0 ? none : detail?.remittance,
            information: each.information,
          };
        });
        expect(read).toEqual(entries);
      }),
    ));
});

const noReferences = {
  messageId: none,
  servicerReference: none,
  paymentInformationId: none,
  instructionId: none,
  uetr: none,
  transactionId: none,
  mandateId: none,
  clearingSystemReference: none,
};
const party = fc.record({ name: optional(text(140)), account: optional(account), bic: fc.constant(none) });
const detail: fc.Arbitrary<EntryDetail> = fc.record({
  line: fc.constant(0),
  references: text(35).map((endToEndId) => ({ ...noReferences, endToEndId })),
  amountMinor: optional(fc.integer({ min: 0, max: 10 ** 12 })),
  direction: optional(direction),
  instructed: optional(fc.record({ amountMinor: fc.integer({ min: 0, max: 10 ** 12 }), currency })),
  transactionCode: fc.constant(none),
  charges: fc.constant(none),
  debtor: party,
  creditor: party,
  remittance: fc.array(text(140), { maxLength: 2 }),
  creditorReference: fc.constant(none),
  purpose: fc.constant(none),
  returned: optional(
    fc.record({ reason: fc.constantFrom({ code: 'AC04' }, { proprietary: 'X' }), information: fc.array(text(105), { maxLength: 2 }) }),
  ),
  information: optional(text(500)),
});
const entryIn = (in_: string): fc.Arbitrary<StatementEntry> =>
  fc.record({
    index: fc.constant(0),
    line: fc.constant(0),
    reference: optional(text(35)),
    amountMinor: fc.integer({ min: 0, max: 10 ** 12 }),
    currency: fc.constant(in_),
    direction,
    isReversal: fc.boolean(),
    status: fc.constantFrom({ code: 'BOOK' }, { code: 'PDNG' }, { proprietary: 'BOOK' }),
    isBooked: fc.constant(false),
    booked: optional(fc.constant({ on: '2026-11-20', at: none })),
    value: optional(fc.constant({ on: '2026-11-21', at: '2026-11-21T08:00:00+08:00' })),
    servicerReference: optional(text(35)),
    transactionCode: fc.record({
      domain: fc.constant(none),
      family: fc.constant(none),
      subFamily: fc.constant(none),
      proprietary: text(35),
      issuer: optional(text(35)),
    }),
    charges: fc.constant(none),
    batches: fc.constant([]),
    details: fc.array(detail, { maxLength: 3 }),
    information: optional(text(500)),
  });
const statement = currency.chain((in_) =>
  fc.record({ in_: fc.constant(in_), entries: fc.array(entryIn(in_), { maxLength: 6 }), opening: fc.integer({ min: -1000, max: 1000 }) }),
);
const bookedSum = (entries: readonly StatementEntry[]): number =>
  entries
    .filter(({ status }) => 'code' in status && status.code === 'BOOK')
    .reduce((sum, { amountMinor, direction: to }) => sum + signed(amountMinor, to), 0);
const withoutPlace = (entry: StatementEntry): unknown => ({
  ...entry,
  index: 0,
  line: 0,
  isBooked: false,
  details: entry.details.map((detail) => ({ ...detail, line: 0 })),
});

describe('camt.053.001.08', () => {
  it('gives what the bank has written, and its balances agree', () =>
    fc.assert(
      fc.asyncProperty(statement, async ({ in_, entries, opening }) => {
        const xml = statementStart(in_, opening, opening + bookedSum(entries)) + entries.map(entryXml).join('\n') + statementEnd;
        const items = await all(readStatements(xml));
        expect(entriesOf(items).map(withoutPlace)).toEqual(entries);
        const codes = items.flatMap((item) => (item.kind === 'problem' ? [item.problem.code] : []));
        expect(codes.filter((code) => !code.startsWith('details_'))).toEqual([]);
      }),
    ));

  it('a minor unit more or less in the closing balance is always found', () =>
    fc.assert(
      fc.asyncProperty(statement, fc.constantFrom(-1, 1), async ({ in_, entries, opening }, off) => {
        const xml = statementStart(in_, opening, opening + bookedSum(entries) + off) + entries.map(entryXml).join('\n') + statementEnd;
        const items = await all(readStatements(xml));
        expect(items.filter((item) => item.kind === 'problem' && item.problem.code === 'balances_differ')).toHaveLength(1);
      }),
    ));

  it('the movements of an entry always come to the entry', () =>
    fc.assert(
      fc.asyncProperty(statement, async ({ in_, entries }) => {
        const items = await all(readStatements(statementStart(in_, 0, 0) + entries.map(entryXml).join('') + statementEnd));
        for (const entry of entriesOf(items)) {
          const sum = movementsOf(entry).reduce((total, { amountMinor }) => total + amountMinor, 0);
          expect(sum).toBe(signed(entry.amountMinor, entry.direction));
        }
      }),
    ));

  it('what a bank writes here is valid', async () => {
    await ensureTools(['xmllint']);
    const files = fc
      .sample(statement, { numRuns: 100, seed: 7 })
      .map(({ in_, entries }) => statementStart(in_, 0, 0) + entries.map(entryXml).join('') + statementEnd);
    expect(await invalid('camt.053.001.08', files)).toBe('');
  });
});

describe('pain.002.001.12', () => {
  const status: fc.Arbitrary<TransactionStatus> = fc.record({
    line: fc.constant(0),
    originalPaymentInformationId: fc.constant('P'),
    statusId: optional(text(35)),
    originalInstructionId: optional(text(35)),
    originalEndToEndId: text(35),
    originalUetr: fc.constant(none),
    status: optional(fc.constantFrom('ACSP', 'RJCT')),
    reasons: fc.array(
      fc.record({
        reason: fc.constantFrom({ code: 'AC04' }, { proprietary: 'B 7' }),
        originator: optional(text(140)),
        information: fc.array(text(105), { maxLength: 2 }),
      }),
      { maxLength: 2 },
    ),
    charges: fc.constant([]),
    acceptedAt: optional(fc.constant('2026-11-20T08:00:00Z')),
    servicerReference: optional(text(35)),
    clearingSystemReference: fc.constant(none),
    originalAmount: optional(fc.record({ amountMinor: fc.integer({ min: 0, max: 10 ** 12 }), currency })),
  });

  it('gives what the bank has written', () =>
    fc.assert(
      fc.asyncProperty(fc.array(status, { maxLength: 5 }), async (list) => {
        const header = '<GrpHdr><MsgId>M</MsgId><CreDtTm>2026-11-20T00:00:00Z</CreDtTm></GrpHdr>';
        const group = '<OrgnlGrpInfAndSts><OrgnlMsgId>O</OrgnlMsgId><OrgnlMsgNmId>pain.001.001.09</OrgnlMsgNmId></OrgnlGrpInfAndSts>';
        const block = `<OrgnlPmtInfAndSts><OrgnlPmtInfId>P</OrgnlPmtInfId>${list.map(statusXml).join('\n')}</OrgnlPmtInfAndSts>`;
        const xml = `${documentStart(namespaceOf('pain.002.001.12'))}<CstmrPmtStsRpt>${header}${group}${block}</CstmrPmtStsRpt>${documentEnd}`;
        const read = await all(readPaymentStatus(xml));
        expect(read.flatMap((item) => (item.kind === 'transaction' ? [{ ...item.transaction, line: 0 }] : []))).toEqual(list);
      }),
    ));
});
