import Table from 'cli-table3';
import { formatMinor } from '@tongbao/money';

export interface Column {
  title: string;
  align?: 'left' | 'right';
}

export type Cell = string | number | bigint | undefined;

const lightBorders = {
  ...{ top: '', 'top-mid': '', 'top-left': '', 'top-right': '', bottom: '', 'bottom-mid': '', 'bottom-left': '', 'bottom-right': '' },
  ...{ left: ' ', 'left-mid': ' ', right: '', 'right-mid': '', mid: '─', 'mid-mid': '──', middle: '  ' },
};

/** A table of plain text: it reads the same in a terminal and in a file. `undefined` is an empty cell. */
export function textTable(columns: readonly Column[], rows: readonly (readonly Cell[])[], total?: readonly Cell[]): string {
  const table = new Table({
    head: columns.map(({ title }) => title),
    colAligns: columns.map(({ align }) => align ?? 'left'),
    chars: lightBorders,
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0, compact: true },
  });
  const all = total ? [...rows, total] : rows;
  table.push(...all.map((cells) => cells.map((cell) => (cell === undefined ? '' : String(cell)))));
  const lines = table
    .toString()
    .split('\n')
    .map((line) => line.trimEnd());
  if (total) lines.splice(-1, 0, lines[1] ?? '');
  return lines.join('\n');
}

/** An amount as people read it, with groups of thousands: `244,091.94`. */
export function amountText(amountMinor: number | bigint, currency: string): string {
  const [whole = '', fraction] = formatMinor(amountMinor, currency).split('.');
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ',');
  return fraction === undefined ? grouped : `${grouped}.${fraction}`;
}

export const countText = (count: number): string => String(count).replace(/\B(?=(\d{3})+$)/g, ',');

/** A duration as people read it: `0.4 s`, `12.3 s`, `2 min 05 s`. */
export function durationText(milliseconds: number): string {
  const seconds = milliseconds / 1_000;
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  return `${Math.floor(whole / 60)} min ${String(whole % 60).padStart(2, '0')} s`;
}
