import { ensureTools } from '@tongbao/local-services';
import { readStatements, writePartyStatement, type PartyStatement, type PartyStatementEntry } from '../src/index.js';
import { all, expectGolden } from './golden.js';
import { partyEntries, partyStatement } from './samples.js';
import { invalid } from './xmllint.js';

const write = async (change: Partial<PartyStatement> = {}, entries = partyEntries): Promise<string> =>
  (await all(writePartyStatement({ ...partyStatement, ...change }, entries))).join('');
const refusalOf = (change: Partial<PartyStatement>, entries?: readonly PartyStatementEntry[]): Promise<unknown> =>
  write(change, entries).then(
    () => 'written',
    (error: unknown) => (error as { problem: unknown }).problem,
  );

beforeAll(() => ensureTools(['xmllint']));

describe('a statement for a party, camt.053.001.08', () => {
  it('is valid against the published schema, and written as before', async () => {
    const bank: Partial<PartyStatement> = {
      servicer: { bic: 'COBADEFFXXX' },
      account: { iban: 'DE89370400440532013000' },
      totals: undefined,
      sequence: undefined,
    };
    const files = [
      await write(),
      await write(bank),
      await write({ closing: { amountMinor: -50n, on: '2026-11-30' }, totals: undefined }, []),
    ];
    expect(await invalid('camt.053.001.08', files)).toBe('');
    expectGolden('written/camt.053-party.xml', files[0]!);
  });

  it('reads back as it was written, without a problem', async () => {
    const items = await all(readStatements(await write()));
    expect(items.map(({ kind }) => kind)).toEqual(['file', 'statement', 'entry', 'entry', 'entry', 'entry', 'statement_end']);
    expect(items[1]).toMatchObject({
      statement: {
        statementId: 'platform.A-EUR-2026-11',
        owner: '平台 A',
        opening: { amountMinor: -50 },
        closing: { amountMinor: 350 },
        electronicSequence: '7',
      },
    });
    expect(items[2]).toMatchObject({
      entry: { amountMinor: 1000, direction: 'credit', details: [{ debtor: { name: 'alipay' }, remittance: ['课程 <一>', 'R&D'] }] },
    });
    expect(items[4]).toMatchObject({
      entry: { amountMinor: 500, direction: 'debit', isReversal: true, details: [{ creditor: { name: 'alipay' } }] },
    });
    expect(items[6]).toMatchObject({ end: { entries: 4, netMinor: 400n, problems: 0 } });
  });

  it('comes in pieces, and takes entries as they come', async () => {
    const count = 2_000;
    async function* entries(): AsyncGenerator<PartyStatementEntry> {
      for (let index = 1; index <= count; index++)
        yield await Promise.resolve({ ...partyEntries[1]!, reference: String(index), amountMinor: 1 });
    }
    const pieces = await all(
      writePartyStatement({ ...partyStatement, totals: undefined, closing: { amountMinor: 1950n, on: '2026-11-30' } }, entries()),
    );
    expect(pieces.length).toBeGreaterThan(5);
    expect(await all(readStatements(pieces))).toHaveLength(count + 3);
  });

  it('refuses entries that do not come to the closing balance, or to the totals', async () => {
    expect(await refusalOf({ closing: { amountMinor: 351n, on: '2026-11-30' } })).toEqual({
      code: 'balances_differ',
      path: '/Document/BkToCstmrStmt/Stmt/Bal',
      detail: 'opening -0.50 and entries 4.00 do not come to closing 3.51 EUR',
    });
    for (const change of [{ credits: 3 }, { creditMinor: 1001n }, { debits: 1 }, { debitMinor: 599n }]) {
      expect(await refusalOf({ totals: { ...partyStatement.totals!, ...change } })).toMatchObject({
        code: 'balances_differ',
        path: '/Document/BkToCstmrStmt/Stmt/TxsSummry',
      });
    }
  });

  it.each<[string, Partial<PartyStatement>, string, string]>([
    ['an id of 36 characters', { statementId: 's'.repeat(36) }, 'text_too_long', 'Stmt/Id'],
    ['a time that is none', { to: '2026-12-01' }, 'date_invalid', 'Stmt/FrToDt/ToDtTm'],
    ['a date that is none', { opening: { amountMinor: 0n, on: '1 November' } }, 'date_invalid', 'Stmt/Bal[1]/Dt/Dt'],
    ['a currency that is none', { currency: 'XXX' }, 'currency_unknown', 'Stmt/Acct/Ccy/@Ccy'],
    ['a running number below 0', { sequence: -1 }, 'value_invalid', 'Stmt/ElctrncSeqNb'],
    ['an account without a number', { account: { other: '' } }, 'text_missing', 'Stmt/Acct/Id/Othr/Id'],
    ['a balance of 19 digits', { closing: { amountMinor: 10n ** 18n, on: '2026-11-30' } }, 'amount_too_large', 'Stmt/Bal[2]/Amt'],
    ['a servicer whose BIC is wrong', { servicer: { bic: 'x' } }, 'bic_invalid', 'Stmt/Acct/Svcr/FinInstnId/BICFI'],
  ])('refuses %s', async (_, change, code, path) => {
    expect(await refusalOf(change)).toMatchObject({ code, path: `/Document/BkToCstmrStmt/${path}` });
  });

  it.each<[string, Partial<PartyStatementEntry>, string, string]>([
    ['an entry without reference', { reference: '' }, 'text_missing', 'NtryRef'],
    ['half a cent', { amountMinor: 0.5 }, 'amount_too_large', 'Amt'],
    ['a time that is none', { bookedAt: '2026-11-03T25:00:00Z' }, 'date_invalid', 'BookgDt/DtTm'],
    ['a value date that is none', { valueOn: '2026-13-01' }, 'date_invalid', 'ValDt/Dt'],
    ['a kind of 36 characters', { kind: 'k'.repeat(36) }, 'text_too_long', 'BkTxCd/Prtry/Cd'],
    ['a control character', { lines: ['a\u0001'] }, 'character_refused', 'NtryDtls/TxDtls/RmtInf/Ustrd[1]'],
    ['an information of 501 characters', { information: 'i'.repeat(501) }, 'text_too_long', 'AddtlNtryInf'],
    ['a long end-to-end id', { endToEndId: 'e'.repeat(36) }, 'text_too_long', 'NtryDtls/TxDtls/Refs/EndToEndId'],
    ['a name that is empty', { counterparty: '' }, 'text_missing', 'NtryDtls/TxDtls/RltdPties/Dbtr/Pty/Nm'],
  ])('refuses %s, and says which entry it is', async (_, change, code, path) => {
    expect(await refusalOf({}, [partyEntries[1]!, { ...partyEntries[0]!, ...change }])).toMatchObject({
      code,
      path: `/Document/BkToCstmrStmt/Stmt/Ntry[2]/${path}`,
    });
  });
});
