import { ensureTools } from '@tongbao/local-services';
import {
  BankFileRefused,
  creditTransferFiles,
  creditTransferProblems,
  type CreditTransfer,
  type PaymentFileOptions,
} from '../src/index.js';
import { expectGolden } from './golden.js';
import { chineseTransfer, kuwaitiTransfer, options, sepaTransfer, yenTransfer } from './samples.js';
import { invalid } from './xmllint.js';
import { parseWritten } from './written.js';
import { childrenOf, at, textAt } from '../src/xml-node.js';

const utf8: PaymentFileOptions = { ...options, charset: 'utf-8', batchBooking: true };
const world = [chineseTransfer, kuwaitiTransfer, yenTransfer, { ...chineseTransfer, endToEndId: 'stl_1_platform.B' }];
const codes = (transfer: Partial<CreditTransfer>, more: Partial<PaymentFileOptions> = {}): string[] =>
  creditTransferProblems([{ ...sepaTransfer, ...transfer }], { ...options, ...more }).map(
    ({ code, path }) => `${code} ${path.replace('/Document/CstmrCdtTrfInitn/', '')}`,
  );

beforeAll(() => ensureTools(['xmllint']));

describe('pain.001.001.09', () => {
  it('is valid against the published schema, and written as before', async () => {
    const [sepa] = creditTransferFiles([sepaTransfer], options);
    const [other] = creditTransferFiles(world, utf8);
    expect(await invalid('pain.001.001.09', [sepa!.xml, other!.xml])).toBe('');
    expectGolden('written/pain.001-sepa.xml', sepa!.xml);
    expectGolden('written/pain.001-world.xml', other!.xml);
  });

  it('the check against the schema can fail', async () => {
    const [file] = creditTransferFiles([sepaTransfer], options);
    expect(await invalid('pain.001.001.09', [file!.xml.replace('<PmtMtd>TRF', '<PmtMtd>XXX')])).toContain(
      "'XXX' is not an element of the set",
    );
  });

  it('has one block for each account, day, currency and service, and says what each file and block comes to', () => {
    const [file] = creditTransferFiles([...world, sepaTransfer], utf8);
    expect(file).toMatchObject({
      messageId: 'RUN-20261120-1',
      message: 'pain.001.001.09',
      transactions: 5,
      // 12345.67 twice, 0.005, 700 and 450.00: of all currencies together, as ISO 20022 wants it.
      controlSum: '25841.345',
      blocks: [
        { paymentInformationId: 'RUN-20261120-1-1', endToEndIds: ['stl-1-platform.A'] },
        { paymentInformationId: 'RUN-20261120-1-2', endToEndIds: ['stl_1_platform.B', 'stl_1_platform.C'] },
        { paymentInformationId: 'RUN-20261120-1-3', endToEndIds: ['stl_1_platform.E'] },
        { paymentInformationId: 'RUN-20261120-1-4', endToEndIds: ['stl_1_platform.D'] },
      ],
    });
    const blocks = childrenOf(at(parseWritten('pain.001.001.09', file!.xml), 'CstmrCdtTrfInitn'), 'PmtInf');
    expect(blocks.map((block) => [textAt(block, 'NbOfTxs'), textAt(block, 'CtrlSum'), textAt(block, 'DbtrAcct', 'Ccy')])).toEqual([
      ['1', '450.00', 'EUR'],
      ['2', '24691.34', 'CNY'],
      ['1', '700', 'JPY'],
      ['1', '0.005', 'KWD'],
    ]);
  });

  it('is the same in whatever order the instructions come', () => {
    expect(creditTransferFiles([...world].reverse(), utf8)).toEqual(creditTransferFiles(world, utf8));
  });
});

describe('limits of a file', () => {
  const many = Array.from({ length: 7 }, (_, index) => ({ ...sepaTransfer, endToEndId: `P${index}`, amountMinor: 100 }));
  const idsWith = (limits: PaymentFileOptions['limits']): string[][] =>
    creditTransferFiles(many, { ...options, limits }).map(({ blocks }) => blocks.flatMap(({ endToEndIds }) => endToEndIds));

  it('of the number of transactions', () => {
    expect(idsWith({ transactionsPerFile: 3 })).toEqual([['P0', 'P1', 'P2'], ['P3', 'P4', 'P5'], ['P6']]);
  });

  it('of the sum in a currency', () => {
    expect(idsWith({ sumMinorPerFile: { EUR: 299n } }).map(({ length }) => length)).toEqual([2, 2, 2, 1]);
    expect(idsWith({ sumMinorPerFile: { EUR: 300n, CNY: 1n } }).map(({ length }) => length)).toEqual([3, 3, 1]);
  });

  it('of the digits of a control sum', async () => {
    const huge = ['X', 'Y', 'Z'].map((endToEndId) => ({ ...yenTransfer, endToEndId, amountMinor: 9_000_000_000_000_000 }));
    const files = creditTransferFiles([...huge, { ...kuwaitiTransfer, endToEndId: 'A' }], utf8);
    expect(files.map(({ controlSum }) => controlSum)).toEqual(['27000000000000000', '0.005']);
    expect(
      await invalid(
        'pain.001.001.09',
        files.map(({ xml }) => xml),
      ),
    ).toBe('');
  });

  it('an instruction that no file can hold is refused', () => {
    expect(codes({}, { limits: { sumMinorPerFile: { EUR: 44999n } } })).toEqual(['limit_exceeded PmtInf/CdtTrfTxInf[1]/Amt']);
    expect(codes({}, { limits: { transactionsPerFile: 0 } })).toEqual(['limit_exceeded PmtInf/CdtTrfTxInf[1]/Amt']);
  });
});

describe('what is refused', () => {
  const tx = 'PmtInf/CdtTrfTxInf[1]';

  it('nothing, of the samples', () => {
    expect(codes({})).toEqual([]);
    expect(creditTransferProblems(world, utf8)).toEqual([]);
  });

  it.each<[string, Partial<CreditTransfer>, string]>([
    ['an empty end-to-end id', { endToEndId: '' }, `text_missing ${tx}/PmtId/EndToEndId`],
    ['an end-to-end id of 36 characters', { endToEndId: 'x'.repeat(36) }, `text_too_long ${tx}/PmtId/EndToEndId`],
    ['a character that SEPA does not have', { endToEndId: 'stl_1' }, `character_refused ${tx}/PmtId/EndToEndId`],
    ['a reference with two slashes', { endToEndId: 'a//b' }, `character_refused ${tx}/PmtId/EndToEndId`],
    ['a reference that begins with a slash', { instructionId: '/b' }, `character_refused ${tx}/PmtId/InstrId`],
    ['a Chinese name: it is not transliterated', { creditor: { name: '晨读' } }, `character_refused ${tx}/Cdtr/Nm`],
    ['an accent', { creditor: { name: 'Café' } }, `character_refused ${tx}/Cdtr/Nm`],
    ['a name of 71 characters', { creditor: { name: 'n'.repeat(71) } }, `text_too_long ${tx}/Cdtr/Nm`],
    ['space at an end', { creditor: { name: 'A ' } }, `character_refused ${tx}/Cdtr/Nm`],
    ['an IBAN whose check digits are wrong', { creditorAccount: { iban: 'NL92ABNA0417164300' } }, `iban_invalid ${tx}/CdtrAcct/Id/IBAN`],
    ['an IBAN with spaces', { debtorAccount: { iban: 'DE89 3704 0044 0532 0130 00' } }, 'iban_invalid PmtInf/DbtrAcct/Id/IBAN'],
    ['a BIC of a wrong form', { creditorAgent: { bic: 'ABNANL2' } }, `bic_invalid ${tx}/CdtrAgt/FinInstnId/BICFI`],
    [
      'a clearing number that is too long',
      { creditorAgent: { memberId: '1'.repeat(36) } },
      `text_too_long ${tx}/CdtrAgt/FinInstnId/ClrSysMmbId/MmbId`,
    ],
    [
      'a clearing system of six letters',
      { creditorAgent: { memberId: '1', clearingSystem: 'CNAPS6' } },
      `value_invalid ${tx}/CdtrAgt/FinInstnId/ClrSysMmbId/ClrSysId/Cd`,
    ],
    ['nothing to pay', { amountMinor: 0 }, `amount_not_positive ${tx}/Amt/InstdAmt`],
    ['less than nothing', { amountMinor: -1 }, `amount_not_positive ${tx}/Amt/InstdAmt`],
    ['half a cent', { amountMinor: 0.5 }, `amount_too_large ${tx}/Amt/InstdAmt`],
    ['no number', { amountMinor: Number.NaN }, `amount_too_large ${tx}/Amt/InstdAmt`],
    ['a date that is none', { executionDate: '2026-02-30' }, 'date_invalid PmtInf/ReqdExctnDt/Dt'],
    ['a time for a date', { executionDate: '2026-02-03T00:00:00Z' }, 'date_invalid PmtInf/ReqdExctnDt/Dt'],
    ['a country of three letters', { creditor: { name: 'A', address: { country: 'NLD' } } }, `value_invalid ${tx}/Cdtr/PstlAdr/Ctry`],
    [
      'three lines of an address in SEPA',
      { creditor: { name: 'A', address: { country: 'NL', lines: ['1', '2', '3'] } } },
      `text_too_long ${tx}/Cdtr/PstlAdr/AdrLine`,
    ],
    ['two lines of remittance in SEPA', { remittance: { lines: ['1', '2'] } }, `sepa_rule ${tx}/RmtInf/Ustrd`],
    ['a line of 141 characters', { remittance: { lines: ['1'.repeat(141)] } }, `text_too_long ${tx}/RmtInf/Ustrd[1]`],
    ['a line break', { remittance: { lines: ['a\nb'] } }, `character_refused ${tx}/RmtInf/Ustrd[1]`],
    ['another currency in SEPA', { currency: 'CHF' }, `sepa_rule ${tx}/Amt/InstdAmt/@Ccy`],
    ['a billion euro in SEPA', { amountMinor: 100_000_000_000 }, `sepa_rule ${tx}/Amt/InstdAmt`],
    ['an account without an IBAN in SEPA', { creditorAccount: { other: '1' } }, `sepa_rule ${tx}/CdtrAcct/Id`],
    ['other charges in SEPA', { chargeBearer: 'DEBT' }, 'sepa_rule PmtInf/ChrgBr'],
    ['a service level of five letters', { serviceLevel: 'SEPAX' }, 'value_invalid PmtInf/PmtTpInf/SvcLvl/Cd'],
  ])('%s', (_, change, problem) => expect(codes(change)).toEqual([problem]));

  it('a currency without minor units', () => {
    expect(creditTransferProblems([{ ...chineseTransfer, currency: 'XAU' }], utf8)).toMatchObject([{ code: 'currency_unknown' }]);
  });

  it.each(['\u0000', '\u0007', '\u0085', '\ud800', '\ufffe', '\t'])('%j, in any set: XML or banks do not have it', (character) => {
    expect(creditTransferProblems([{ ...chineseTransfer, creditor: { name: `a${character}b` } }], utf8)).toMatchObject([
      { code: 'character_refused' },
    ]);
  });

  it('a reference that comes twice in one run', () => {
    const [problem] = creditTransferProblems([sepaTransfer, sepaTransfer], options);
    expect(problem).toMatchObject({
      code: 'reference_repeated',
      path: '/Document/CstmrCdtTrfInitn/PmtInf/CdtTrfTxInf[2]/PmtId/EndToEndId',
    });
    expect(problem!.detail).toContain('instruction 1');
  });

  it('a run without instructions, with a long name, a wrong time or a sender that cannot be written', () => {
    const header = (more: Partial<PaymentFileOptions>): string[] => codes({}, more);
    expect(creditTransferProblems([], options)).toMatchObject([
      { code: 'text_missing', path: '/Document/CstmrCdtTrfInitn/GrpHdr/NbOfTxs' },
    ]);
    expect(header({ runId: 'r'.repeat(26) })).toEqual(['text_too_long GrpHdr/MsgId']);
    expect(header({ createdAt: 'yesterday' })).toEqual(['date_invalid GrpHdr/CreDtTm']);
    expect(header({ initiatingParty: { name: '通宝' } })).toEqual(['character_refused GrpHdr/InitgPty/Nm']);
  });

  it('all at once, and no file is made', () => {
    expect(codes({ endToEndId: '', amountMinor: 0, creditor: { name: '' } })).toHaveLength(3);
    const write = (): unknown => creditTransferFiles([sepaTransfer, { ...sepaTransfer, endToEndId: '晨' }], options);
    expect(write).toThrow(BankFileRefused);
    expect(write).toThrow(
      'character_refused at /Document/CstmrCdtTrfInitn/PmtInf/CdtTrfTxInf[2]/PmtId/EndToEndId: "晨" has "晨" (U+6668), which is not in the set sepa',
    );
  });
});
