import { ensureTools } from '@tongbao/local-services';
import { directDebitFiles, directDebitProblems, type DirectDebit } from '../src/index.js';
import { expectGolden } from './golden.js';
import { amendedDebit, debit, options } from './samples.js';
import { invalid } from './xmllint.js';

const codes = (change: Partial<DirectDebit>): string[] =>
  directDebitProblems([{ ...debit, ...change }], options).map(
    ({ code, path }) => `${code} ${path.replace('/Document/CstmrDrctDbtInitn/PmtInf/', '')}`,
  );

beforeAll(() => ensureTools(['xmllint']));

describe('pain.008.001.08', () => {
  it('is valid against the published schema, and written as before', async () => {
    const [file] = directDebitFiles([debit, amendedDebit], options);
    expect(await invalid('pain.008.001.08', [file!.xml])).toBe('');
    expectGolden('written/pain.008-sepa.xml', file!.xml);
  });

  it('has a block for each sequence of collections', () => {
    const [file] = directDebitFiles([debit, amendedDebit, { ...debit, endToEndId: 'col-2' }], options);
    expect(file).toMatchObject({
      controlSum: '1.50',
      blocks: [{ endToEndIds: ['col-1-platform.F'] }, { endToEndIds: ['col-1-platform.B', 'col-2'] }],
    });
  });

  it('an amended mandate may name only the account that was', async () => {
    const mandate = { ...debit.mandate, amendment: { originalDebtorAccount: { iban: 'DE89370400440532013000' } } };
    const [file] = directDebitFiles([{ ...debit, mandate }], options);
    expect(await invalid('pain.008.001.08', [file!.xml])).toBe('');
  });

  it.each<[string, Partial<DirectDebit>, string]>([
    [
      'a mandate without id',
      { mandate: { mandateId: '', signedOn: '2026-01-31' } },
      'text_missing DrctDbtTxInf[1]/DrctDbtTx/MndtRltdInf/MndtId',
    ],
    [
      'a mandate signed on no day',
      { mandate: { mandateId: 'M', signedOn: '2026-1-31' } },
      'date_invalid DrctDbtTxInf[1]/DrctDbtTx/MndtRltdInf/DtOfSgntr',
    ],
    [
      'a mandate signed after the collection',
      { mandate: { mandateId: 'M', signedOn: '2026-11-26' } },
      'date_invalid DrctDbtTxInf[1]/DrctDbtTx/MndtRltdInf/DtOfSgntr',
    ],
    [
      'a creditor identifier with wrong check digits',
      { creditorIdentifier: 'DE99ZZZ09999999999' },
      'sepa_rule CdtrSchmeId/Id/PrvtId/Othr/Id',
    ],
    ['a debtor without an IBAN', { debtorAccount: { other: '1' } }, 'sepa_rule DrctDbtTxInf[1]/DbtrAcct/Id'],
    ['a creditor without an IBAN', { creditorAccount: { other: '1' } }, 'sepa_rule CdtrAcct/Id'],
    ['another currency', { currency: 'PLN' }, 'sepa_rule DrctDbtTxInf[1]/InstdAmt/@Ccy'],
    ['nothing to collect', { amountMinor: 0 }, 'amount_not_positive DrctDbtTxInf[1]/InstdAmt'],
    ['a name that SEPA cannot carry', { debtor: { name: 'Sàrl' } }, 'character_refused DrctDbtTxInf[1]/Dbtr/Nm'],
    ['a day that is none', { collectionDate: '2026-11-31' }, 'date_invalid ReqdColltnDt'],
    ['other charges', { chargeBearer: 'SHAR' }, 'sepa_rule ChrgBr'],
  ])('refuses %s', (_, change, problem) => expect(codes(change)).toEqual([problem]));
});
