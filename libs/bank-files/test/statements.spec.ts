import { ensureTools } from '@tongbao/local-services';
import {
  movementsOf,
  readNotifications,
  readStatements,
  type Problem,
  type StatementItem,
  type StatementReadOptions,
} from '../src/index.js';
import { all, expectGolden, golden, json } from './golden.js';
import { invalid } from './xmllint.js';

const day = golden('read/camt.053-day.xml');
const credits = golden('read/camt.054-credits.xml');
const read = (xml: string, options?: StatementReadOptions): Promise<StatementItem[]> => all(readStatements(xml, options));
const problems = (items: readonly StatementItem[]): Problem[] => items.flatMap((item) => (item.kind === 'problem' ? [item.problem] : []));
const problemsOf = async (xml: string, options?: StatementReadOptions): Promise<string[]> =>
  problems(await read(xml, options)).map(({ code, path, line }) => `${code} ${path}:${line ?? 0}`);
const entries = (items: readonly StatementItem[]) => items.flatMap((item) => (item.kind === 'entry' ? [item.entry] : []));
const stmt = '/Document/BkToCstmrStmt/Stmt';
/** The line of a text in the file of a day, from 1. */
const lineOf = (text: string): number => day.slice(0, day.indexOf(text)).split('\n').length;

describe('camt.053.001.08', () => {
  it('reads as before, and the example is valid', async () => {
    await ensureTools(['xmllint']);
    expect(await invalid('camt.053.001.08', [day])).toBe('');
    expectGolden('read/camt.053-day.json', json(await read(day)));
  });

  it('is the same whatever pieces it comes in', async () => {
    const whole = await read(day);
    const bytes = Buffer.from(day);
    for (const length of [1, 7, 1000]) {
      const pieces = Array.from({ length: Math.ceil(bytes.length / length) }, (_, index) =>
        bytes.subarray(index * length, (index + 1) * length),
      );
      expect(await all(readStatements(pieces))).toEqual(whole);
    }
    expect(await read(`\ufeff${day}`)).toEqual(whole);
    expect(await read(day.replaceAll('\n', '\r\n'))).toEqual(whole);
  });

  it('a batch is expanded into its transactions, which always come to the entry', async () => {
    const movements = entries(await read(day)).map((entry) =>
      movementsOf(entry).map(({ amountMinor, endToEndId }) => [amountMinor, endToEndId]),
    );
    expect(movements).toEqual([
      [
        [-45000, 'stl-1-platform.A'],
        [-10000, 'stl-1-platform.B'],
      ],
      [[10000, 'stl-1-platform.B']],
      [[40000, undefined]],
      [[-150, undefined]],
      [[-1000, undefined]],
      [[10000, undefined]],
    ]);
  });
});

describe('what a statement does not agree on with itself', () => {
  const changed = (from: string, to: string): Promise<string[]> => {
    expect(day).toContain(from);
    return problemsOf(day.replace(from, to));
  };

  it('nothing, of the example', async () => expect(await problemsOf(day)).toEqual([]));

  it('a closing balance that opening and entries do not come to', async () => {
    const items = await read(day.replace('9938.50', '9938.51'));
    expect(problems(items)).toEqual([
      {
        code: 'balances_differ',
        path: `${stmt}[1]/Bal`,
        line: lineOf('<Tp><CdOrPrtry><Cd>CLBD') - 1,
        detail: 'opening 10000.00 and booked entries -61.50 come to 9938.50, closing says 9938.51 EUR',
      },
    ]);
    expect(items.filter(({ kind }) => kind === 'statement_end')).toMatchObject([
      { end: { problems: 1, netMinor: -6150n } },
      { end: { problems: 0 } },
    ]);
  });

  it('an entry that is missing, added, or of the other direction', async () => {
    const entry = /<Ntry>\s*<Amt Ccy="EUR">10\.00[^]*?<\/Ntry>/.exec(day)![0];
    const codes = async (to: string): Promise<string[]> => problems(await read(day.replace(entry, to))).map(({ code }) => code);
    expect(await codes('')).toEqual(['balances_differ', 'count_differs', 'sum_differs', 'count_differs', 'sum_differs', 'sum_differs']);
    expect(await codes(entry + entry)).toEqual([
      'balances_differ',
      'count_differs',
      'sum_differs',
      'count_differs',
      'sum_differs',
      'sum_differs',
    ]);
    expect(await codes(entry.replace('DBIT', 'CRDT'))).toEqual([
      'balances_differ',
      'count_differs',
      'sum_differs',
      'count_differs',
      'sum_differs',
      'sum_differs',
    ]);
  });

  it('an entry that is pending counts in the summary and not in the balance', async () => {
    expect((await changed('<Sts><Cd>PDNG</Cd>', '<Sts><Cd>BOOK</Cd>')).map((each) => each.split(' ')[0])).toEqual(['balances_differ']);
    expect((await changed('<Sts><Cd>PDNG</Cd>', '<Sts><Prtry>BOOK</Prtry>')).map((each) => each.split(' ')[0])).toEqual([]);
  });

  it('no opening balance, or no closing balance', async () => {
    expect(await changed('<Cd>OPBD</Cd>', '<Cd>OPAV</Cd>')).toEqual([`balance_missing ${stmt}[1]/Bal:${lineOf('<Stmt>')}`]);
    expect(await changed('<Cd>CLBD</Cd>', '<Prtry>CLBD</Prtry>')).toEqual([`balance_missing ${stmt}[1]/Bal:${lineOf('<Stmt>')}`]);
  });

  it('balances of two currencies', async () => {
    expect(await changed('<Amt Ccy="EUR">9938.50</Amt>', '<Amt Ccy="USD">9938.50</Amt>')).toEqual([
      `balances_differ ${stmt}[1]/Bal:${lineOf('<Stmt>')}`,
    ]);
  });

  it('counts and sums of the summary', async () => {
    const summary = `${stmt}[1]/TxsSummry`;
    const line = lineOf('<TtlNtries>');
    expect(await changed('<NbOfNtries>6<', '<NbOfNtries>7<')).toEqual([`count_differs ${summary}/TtlNtries/NbOfNtries:${line}`]);
    expect(await changed('<Sum>1161.50<', '<Sum>1161.5100<')).toEqual([`sum_differs ${summary}/TtlNtries/Sum:${line}`]);
    expect(await changed('<Amt>38.5<', '<Amt>38.6<')).toEqual([`sum_differs ${summary}/TtlNtries/TtlNetNtry/Amt:${line}`]);
    expect(await changed('<Sum>600.00<', '<Sum>600.01<')).toEqual([`sum_differs ${summary}/TtlCdtNtries/Sum:${line + 1}`]);
    expect(await changed('<NbOfNtries>3</NbOfNtries><Sum>561.50<', '<NbOfNtries>4</NbOfNtries><Sum>561.50<')).toEqual([
      `count_differs ${summary}/TtlDbtNtries/NbOfNtries:${line + 2}`,
    ]);
  });

  it('the summary of one page of several speaks of all of them', async () => {
    const page = '<StmtPgntn><PgNb>2</PgNb><LastPgInd>true</LastPgInd></StmtPgntn>';
    const xml = day.replace('<Id>STMT-223</Id>', `<Id>STMT-223</Id>${page}`).replace('<NbOfNtries>6<', '<NbOfNtries>60<');
    expect(await problemsOf(xml)).toEqual([]);
  });

  it('pages have interim balances: the first and the last of them', async () => {
    const interim = day.replace('<Cd>OPBD</Cd>', '<Cd>ITBD</Cd>').replace('<Cd>CLBD</Cd>', '<Cd>ITBD</Cd>');
    expect(await problemsOf(interim)).toEqual([]);
    expect(await problemsOf(day.replace('<Cd>CLBD</Cd>', '<Cd>ITBD</Cd>'))).toEqual([]);
    expect(await problemsOf(day.replace('<Cd>OPBD</Cd>', '<Cd>ITBD</Cd>'))).toEqual([]);
    expect(await problemsOf(interim.replace('9938.50', '1.00'))).toHaveLength(1);
  });

  it('a batch whose transactions do not come to the entry stays whole', async () => {
    const items = await read(day.replace('<Amt Ccy="EUR">450.00</Amt>', '<Amt Ccy="EUR">449.99</Amt>'));
    expect(problems(items).map(({ code, path }) => `${code} ${path}`)).toEqual([`details_differ ${stmt}[1]/Ntry[1]/NtryDtls`]);
    expect(movementsOf(entries(items)[0]!)).toMatchObject([{ amountMinor: -55000, detail: undefined, endToEndId: undefined }]);
  });

  it('a batch with a transaction without an amount stays whole', async () => {
    const items = await read(day.replace('<Amt Ccy="EUR">100.00</Amt><CdtDbtInd>DBIT</CdtDbtInd>', ''));
    expect(problems(items).map(({ code }) => code)).toEqual(['details_without_amount']);
    expect(movementsOf(entries(items)[0]!)).toMatchObject([{ amountMinor: -55000, detail: undefined }]);
  });

  it('a batch that says another number or another sum', async () => {
    const line = lineOf('<Ntry>');
    expect(await changed('<NbOfTxs>2<', '<NbOfTxs>3<')).toEqual([`batch_differs ${stmt}[1]/Ntry[1]/NtryDtls:${line}`]);
    expect(await changed('<TtlAmt Ccy="EUR">550.00<', '<TtlAmt Ccy="EUR">551.00<')).toEqual([
      `batch_differs ${stmt}[1]/Ntry[1]/NtryDtls:${line}`,
    ]);
  });
});

describe('a statement that comes again', () => {
  const [before, first, after] = /^([^]*?)(<Stmt>[^]*?<\/Stmt>)([^]*)$/.exec(day)!.slice(1) as [string, string, string];

  it('in the same file, by its id', async () => {
    const found = problems(await read(before + first + first + after));
    expect(found).toMatchObject([{ code: 'statement_repeated', path: `${stmt}[2]`, detail: 'STMT-223 stands twice in this file' }]);
  });

  it('in the same file, by its number', async () => {
    const found = problems(
      await read(before + first + first.replace('STMT-223', 'STMT-224').replace('<LglSeqNb>9', '<LglSeqNb>10') + after),
    );
    expect(found).toMatchObject([
      { code: 'sequence_repeated', path: `${stmt}[2]`, detail: 'STMT-224 has the sequence number of STMT-223' },
    ]);
  });

  it('not: another page, another year, another account, another currency', async () => {
    const page = '<StmtPgntn><PgNb>2</PgNb><LastPgInd>true</LastPgInd></StmtPgntn>';
    for (const other of [
      first.replace('STMT-223</Id>', `STMT-223</Id>${page}`),
      first.replace('STMT-223', 'STMT-1').replaceAll('2026-', '2027-'),
      first.replace('DE89370400440532013000', 'DE02120300000000202051'),
      first.replaceAll('EUR', 'USD'),
    ]) {
      expect(await problemsOf(before + first + other + after)).toEqual([]);
    }
  });

  it('from an earlier file, as the caller knows', async () => {
    const known = new Set<string>();
    const isKnown: StatementReadOptions['isKnown'] = async ({ byId, bySequence }) => {
      await Promise.resolve();
      const has = [byId, ...bySequence].some((each) => known.has(each));
      for (const each of [byId, ...bySequence]) known.add(each);
      return has;
    };
    expect(await problemsOf(day, { isKnown })).toEqual([]);
    const again = await read(day.replace('STMT-223', 'STMT-223-CORRECTED'), { isKnown });
    expect(problems(again)).toMatchObject([
      { code: 'statement_known', path: `${stmt}[1]` },
      { code: 'statement_known', path: `${stmt}[2]` },
    ]);
    expect(again.filter(({ kind }) => kind === 'statement_end')).toMatchObject([{ end: { problems: 1 } }, { end: { problems: 1 } }]);
  });

  it('that the bank itself marks a copy', async () => {
    const xml = day.replace('</FrToDt>', '</FrToDt><CpyDplctInd>CODU</CpyDplctInd>');
    expect(problems(await read(xml))).toMatchObject([
      { code: 'statement_marked_copy', path: `${stmt}[1]/CpyDplctInd`, detail: 'the bank marks STMT-223 CODU' },
    ]);
  });
});

describe('camt.054.001.08', () => {
  it('reads as before, and the example is valid', async () => {
    await ensureTools(['xmllint']);
    expect(await invalid('camt.054.001.08', [credits])).toBe('');
    expectGolden('read/camt.054-credits.json', json(await all(readNotifications(credits))));
  });

  it('details of both directions are expanded', async () => {
    const [entry] = entries(await all(readNotifications(credits)));
    expect(movementsOf(entry!).map(({ amountMinor }) => amountMinor)).toEqual([5000, 3505, -1000]);
  });

  it('an account that names no currency may have entries in several', async () => {
    const items = await all(readNotifications(credits.replace('<n:Ccy>CHF</n:Ccy>', '')));
    expect(items.at(-1)).toMatchObject({ end: { entries: 1, netMinor: undefined } });
  });
});
