import { textTable, type Cell, type Column } from '../text-table.js';
import type { Conditions } from './conditions.js';

/** One number, and what it says. */
export interface Figure {
  name: string;
  value: number;
  unit: string;
  meaning: string;
  /** What is to be reached, as people read it. */
  goal?: string;
}

export interface FigureTable {
  title: string;
  columns: Column[];
  rows: Cell[][];
}

export interface PartReport {
  part: string;
  figures: Figure[];
  tables: FigureTable[];
  /** Everything that was measured. */
  detail: object;
}

export interface BenchReport {
  conditions: Conditions;
  parts: PartReport[];
  /** Parts that could not be measured, and why. */
  failures: { part: string; error: string }[];
}

/** A figure with as many digits as it is worth: three before the point or after it, whichever is more. */
export const rounded = (value: number): number => (Math.abs(value) >= 100 ? Math.round(value) : Number(value.toPrecision(3)));

export function conditionsText(conditions: Conditions): string {
  const { startedAt, cpu, cores, memoryBytes, system, node, versions = {}, fileSystem, fsync, durability, load } = conditions;
  const gibibytes = (memoryBytes / 2 ** 30).toFixed(0);
  const programs = [`Node ${node}`, ...Object.entries(versions).map(([name, version]) => `${name} ${version}`)].join(', ');
  return [
    `Measured   ${startedAt}`,
    `Machine    ${cpu}, ${cores} cores, ${gibibytes} GiB, ${system}, ${programs}`,
    `Disk       ${fileSystem}; 4 KiB and fsync: p50 ${rounded(fsync.p50)} ms, p99 ${rounded(fsync.p99)} ms`,
    `Durability ${durability}`,
    `Load       ${load}`,
  ].join('\n');
}

export function partText({ part, figures, tables }: PartReport): string {
  const columns: Column[] = [{ title: part }, { title: '', align: 'right' }, { title: '' }, { title: 'goal' }, { title: 'what it means' }];
  const rows = figures.map(({ name, value, unit, goal, meaning }) => [name, rounded(value), unit, goal, meaning]);
  const extra = tables.map(({ title, columns: titles, rows: cells }) => `${title}\n${textTable(titles, cells)}`);
  return [textTable(columns, rows), ...extra].join('\n\n');
}
