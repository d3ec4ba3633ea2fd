import { countText, durationText } from '../text-table.js';
import { findingMeanings, type Finding, type FindingCode } from './findings.js';
import { printable } from './printable.js';

/** What an audit comes to. */
export interface AuditReport {
  /** Nothing differs. */
  ok: boolean;
  log: string;
  journalEvents: number;
  entries: number;
  accounts: number;
  currencies: string[];
  checkpoints: { signed: number; witnessed: number; newestSize: number; witnessedSize: number };
  /** Absent where no hub was asked. */
  served?: { url: string; size: number; leavesCompared: number };
  rows?: { source: string; entriesCompared: number; accountsCompared: number };
  seconds: number;
  /** What could not be looked at, and why. */
  notes: string[];
  /** Of all that was found, how many of each kind. */
  counts: Partial<Record<FindingCode, number>>;
  /** At most 1,000 of a kind. */
  findings: readonly Finding[];
}

const shownOfAKind = 20;

export function reportText(report: AuditReport): string {
  const { log, journalEvents, entries, accounts, currencies, checkpoints, served, rows, seconds, notes } = report;
  const lines = [
    `The books of ${printable(log)}, made anew from the event store in ${durationText(seconds * 1_000)}:`,
    `  journal      ${countText(entries)} entries in ${countText(journalEvents)} events; ${countText(accounts)} balances in ${currencies.join(', ') || 'no currency'}`,
    `  checkpoints  ${countText(checkpoints.signed)} signed, ${countText(checkpoints.witnessed)} witnessed; the newest cover ${countText(checkpoints.newestSize)} and ${countText(checkpoints.witnessedSize)} entries`,
    ...(served
      ? [`  served       ${countText(served.size)} entries at ${served.url}/log; ${countText(served.leavesCompared)} leaves compared`]
      : []),
    ...(rows
      ? [
          `  rows         ${countText(rows.entriesCompared)} entries and ${countText(rows.accountsCompared)} accounts compared, ${rows.source}`,
        ]
      : []),
    ...notes.map((note) => `  note         ${note}`),
  ];
  return [...lines, '', findingsText(report)].join('\n');
}

function findingsText({ ok, findings, counts }: AuditReport): string {
  if (ok) return 'Nothing differs.';
  const kinds = [...new Set(findings.map(({ finding }) => finding))];
  const total = kinds.reduce((sum, kind) => sum + (counts[kind] ?? 0), 0);
  const parts = kinds.map((kind) => {
    const [count, shown] = [counts[kind] ?? 0, findings.filter(({ finding }) => finding === kind).slice(0, shownOfAKind)];
    const more = count > shown.length ? [`    and ${countText(count - shown.length)} more (--json shows up to 1,000)`] : [];
    return [`  ${kind} (${countText(count)}): ${findingMeanings[kind]}`, ...shown.map(findingText), ...more].join('\n');
  });
  return [`${countText(total)} ${total === 1 ? 'thing differs' : 'things differ'}:`, ...parts].join('\n');
}

function findingText({ at, field, expected, found, detail }: Finding): string {
  const what = [
    `${at}${field === undefined || field === '' ? '' : `, ${field}`}`,
    ...(expected === undefined && found === undefined ? [] : [`expected ${valueText(expected)}, found ${valueText(found)}`]),
    ...(detail === undefined ? [] : [detail]),
  ];
  return `    ${printable(what.join(': '))}`;
}

const valueText = (value: unknown): string => (value === undefined ? 'nothing' : typeof value === 'string' ? value : JSON.stringify(value));
