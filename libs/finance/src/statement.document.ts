import { formatMinor } from '@tongbao/money';
import type { Content, ContentTable, DynamicContent, TableCell, TDocumentDefinitions } from 'pdfmake/interfaces.js';
import type { KindTotal, StatementHead, StatementLine } from './statement.js';
import { kindIn, textIn, type Language, type TextName } from './statement.texts.js';

/** All that a statement on paper is made of. */
export interface PaperStatement {
  head: StatementHead;
  statementId: string;
  lines: readonly StatementLine[];
  totals: readonly KindTotal[];
  language: Language;
  /** Times are shown in this time zone. */
  zone: string;
  /** Name of who keeps the account. */
  hub: string;
  /** When the last of it happened, or its period ended: the date of the document, so that the same statement has the same bytes. */
  date: string;
}

/** The only font: it has Chinese and Latin letters. */
export const fontName = 'NotoSansSC';

const grey = '#666666';
const line = '#bbbbbb';

/** The statement as a document of pdfmake: A4, as many pages as it takes. */
export function paperStatement(statement: PaperStatement): TDocumentDefinitions {
  const { head, language, hub, date, lines } = statement;
  const text = (name: TextName): string => textIn(language, name);
  const info = {
    title: `${text('title')} ${head.party} ${head.currency}`,
    author: hub,
    creationDate: new Date(date),
    modDate: new Date(date),
  };
  const hasExternal = lines.some(({ external }) => external);
  return {
    info,
    language: language === 'zh' ? 'zh-CN' : 'en',
    pageSize: 'A4',
    pageMargins: [36, 40, 36, 46],
    defaultStyle: { font: fontName, fontSize: 7.5, lineHeight: 1.15 },
    content: [
      { text: text('title'), fontSize: 16, margin: [0, 0, 0, 8] },
      headTable(statement),
      { text: text('sign'), color: grey, margin: [0, 4, 0, 10] },
      lines.length === 0 ? { text: text('none'), margin: [0, 4, 0, 4] } : linesTable(statement),
      ...(hasExternal ? [{ text: text('external'), color: grey, margin: [0, 4, 0, 0] } satisfies Content] : []),
      ...(lines.length === 0
        ? []
        : [{ text: text('totals'), fontSize: 11, margin: [0, 14, 0, 4] } satisfies Content, totalsTable(statement)]),
    ],
    footer: footerOf(statement),
  };
}

const footerOf =
  ({ head, language, statementId }: PaperStatement): DynamicContent =>
  (page, pages) => ({
    columns: [
      { text: `${statementId}  ${head.party}  ${head.currency}`, color: grey },
      {
        text: textIn(language, 'page').replace('{page}', String(page)).replace('{pages}', String(pages)),
        alignment: 'right',
        color: grey,
      },
    ],
    margin: [36, 14, 36, 0],
    fontSize: 7,
  });

function headTable({ head, language, zone, hub, statementId }: PaperStatement): ContentTable {
  const text = (name: TextName): string => textIn(language, name);
  const from = head.from === null ? text('beginning') : timeIn(zone, head.from);
  const to = head.to === null ? text('present') : timeIn(zone, head.to);
  const rows: [TextName, string][] = [
    ['party', head.party],
    ['name', head.name],
    ['currency', head.currency],
    ['period', `${from} – ${to}`],
    ['zone', zone],
    ['issuer', hub],
    ['number', statementId],
    ['reflects', `${head.afterPosition} – ${head.throughPosition}`],
    ['opening', amountText(head.openingMinor, head.currency)],
    ['closing', amountText(head.closingMinor, head.currency)],
  ];
  return {
    layout: 'noBorders',
    table: { widths: [90, '*'], body: rows.map(([name, value]): TableCell[] => [{ text: text(name), color: grey }, { text: value }]) },
  };
}

const rules = {
  hLineWidth: (row: number, { table }: ContentTable) => (row === 0 || row === 1 || row === table.body.length ? 0.7 : 0.2),
  vLineWidth: () => 0,
  hLineColor: () => line,
  paddingLeft: () => 2,
  paddingRight: () => 2,
  paddingTop: () => 1.5,
  paddingBottom: () => 1.5,
};

const right = (text: string): TableCell => ({ text, alignment: 'right' });
const broken = (text: string): TableCell => ({ text, wordBreak: 'break-all' });

function linesTable({ head, lines, language, zone }: PaperStatement): ContentTable {
  const text = (name: TextName): string => textIn(language, name);
  const { currency, openingMinor, closingMinor } = head;
  const titles = [text('time'), text('kind'), text('ref'), text('counterparty'), right(text('amount')), right(text('balance'))];
  const bound = (name: TextName, amountMinor: number): TableCell[] => [
    ...['', text(name), '', '', ''],
    right(amountText(amountMinor, currency)),
  ];
  const body = lines.map(({ at, kind, ref, counterparty, amountMinor, balanceMinor, external }): TableCell[] => [
    timeIn(zone, at),
    broken(`${kindIn(language, kind)}${external ? ' *' : ''}`),
    { text: ref, wordBreak: 'break-all', fontSize: 6.8 },
    broken(counterparty),
    right(amountText(amountMinor, currency)),
    right(amountText(balanceMinor, currency)),
  ]);
  return {
    layout: rules,
    table: {
      headerRows: 1,
      dontBreakRows: true,
      widths: [70, 78, 148, 84, 61, 61],
      body: [titles, bound('opening', openingMinor), ...body, bound('closing', closingMinor)],
    },
  };
}

function totalsTable({ head, totals, language }: PaperStatement): ContentTable {
  const text = (name: TextName): string => textIn(language, name);
  const titles = [text('kind'), right(text('count')), right(text('credit')), right(text('debit')), right(text('sum'))];
  const row = (title: string, count: number, creditMinor: number, debitMinor: number): TableCell[] => [
    broken(title),
    right(String(count)),
    right(amountText(creditMinor, head.currency)),
    right(amountText(debitMinor, head.currency)),
    right(amountText(creditMinor - debitMinor, head.currency)),
  ];
  const own = totals.filter(({ external }) => !external);
  const sum = (amountOf: (total: KindTotal) => number): number => own.reduce((total, each) => total + amountOf(each), 0);
  const body = totals.map(({ kind, lines, creditMinor, debitMinor, external }) =>
    row(`${kindIn(language, kind)}${external ? ' *' : ''}`, lines, creditMinor, debitMinor),
  );
  const all = row(
    text('sum'),
    sum(({ lines }) => lines),
    sum(({ creditMinor }) => creditMinor),
    sum(({ debitMinor }) => debitMinor),
  );
  return { layout: rules, table: { headerRows: 1, widths: [206, 60, 80, 80, 80], body: [titles, ...body, all] } };
}

/** `-1,234.50` */
export function amountText(amountMinor: number, currency: string): string {
  const [whole = '', fraction] = formatMinor(amountMinor, currency).split('.');
  const grouped = whole.replaceAll(/\B(?=(\d{3})+$)/g, ',');
  return fraction === undefined ? grouped : `${grouped}.${fraction}`;
}

const formats = new Map<string, Intl.DateTimeFormat>();

/** `2026-01-31 08:00:00`, in a time zone. */
export function timeIn(zone: string, time: string): string {
  const format = formats.get(zone) ?? new Intl.DateTimeFormat('sv-SE', { timeZone: zone, dateStyle: 'short', timeStyle: 'medium' });
  formats.set(zone, format);
  return format.format(new Date(time));
}
