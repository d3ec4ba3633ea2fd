import { stringify } from 'csv-stringify/sync';
import type { StatementHead, StatementLine } from './statement.js';

const columns = ['position', 'at', 'kind', 'ref', 'counterparty', 'currency', 'amountMinor', 'balanceMinor', 'external'];

/** Comma-separated, as spreadsheets read it: a text that would be taken for a formula is quoted. In pieces, none is held. */
export async function* statementCsv(head: StatementHead, pages: AsyncIterable<StatementLine[]>): AsyncGenerator<string> {
  const { currency, openingMinor, closingMinor, from, to } = head;
  yield rowsOf([columns, ['', from ?? '', 'opening', '', '', currency, '', openingMinor, '']]);
  for await (const lines of pages) {
    yield rowsOf(
      lines.map(({ position, at, kind, ref, counterparty, amountMinor, balanceMinor, external }) => [
        ...[position, at, kind, ref, counterparty, currency, amountMinor, balanceMinor],
        external ? 'yes' : '',
      ]),
    );
  }
  yield rowsOf([['', to ?? '', 'closing', '', '', currency, '', closingMinor, '']]);
}

const rowsOf = (rows: (string | number)[][]): string => stringify(rows, { escape_formulas: true });
