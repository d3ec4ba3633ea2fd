import { setTimeout as delay } from 'node:timers/promises';
import type { Command } from 'commander';
import type { CommandContext, Runner } from './command-context.js';
import { CommandFailed, exitCodes, type ExitCode } from './exit-codes.js';
import type { HubClient } from './hub-client.js';
import { countText, durationText, textTable } from './text-table.js';

export interface RebuildReport {
  generation: number;
  events: number;
  seconds: number;
  equal: boolean;
  differences: { table: string; liveRows: number; rebuiltRows: number; onlyLive: { count: number }; onlyRebuilt: { count: number } }[];
}

/** A projection as `GET /v1/projections` shows it. Positions are decimal text. */
export interface ProjectionStatus {
  name: string;
  version: number;
  generation: number;
  position: string;
  head: string;
  state: string;
  error?: string;
  rebuilding?: { reason: string; generation: number; position: string };
  job?: { kind: 'rebuild' | 'compare'; state: 'running' | 'done' | 'failed'; report?: RebuildReport; error?: string };
}

const pollEveryMs = 200;

export function addProjectionsCommands(program: Command, runs: Runner): void {
  const projections = program.command('projections').description('what queries read: lag, rebuild, compare');
  projections.command('list').description('all projections with version, position and lag').action(runs(list));
  projections
    .command('rebuild <name>')
    .description('fold the whole log again beside the live rows, compare, and switch when both are equal')
    .action(runs((context, name: string) => build(context, name, 'rebuild')));
  projections
    .command('compare <name>')
    .description('fold the whole log again beside the live rows and compare, without a switch')
    .action(runs((context, name: string) => build(context, name, 'compare')));
}

async function list(context: CommandContext): Promise<ExitCode> {
  const { items } = await context.hub('auditor').get<{ items: ProjectionStatus[] }>('/v1/projections');
  const columns = [{ title: 'projection' }, { title: 'version' }, { title: 'position' }, { title: 'behind' }, { title: 'state' }];
  const rows = items.map((each) => [
    each.name,
    each.version,
    each.position,
    behind(each),
    each.error ? `${each.state}: ${each.error}` : each.state,
  ]);
  context.show(items, () => textTable(columns, rows));
  return exitCodes.ok;
}

/** Positions are no counts: all that can be said is whether everything seen of the log is folded. */
const behind = ({ position, head }: ProjectionStatus): string => (BigInt(position) >= BigInt(head) ? 'no' : `at ${position} of ${head}`);

async function build(context: CommandContext, name: string, kind: 'rebuild' | 'compare'): Promise<ExitCode> {
  const hub = context.hub('ops');
  const report = await buildProjection(hub, name, kind, (status) => {
    if (context.io.isTerminal && !context.options.json) context.io.out(`\r${progressText(status)}\u001b[K`);
  });
  if (context.io.isTerminal && !context.options.json) context.io.out('\r\u001b[K');
  context.show(report, () => reportText(name, kind, report));
  return report.equal ? exitCodes.ok : exitCodes.failed;
}

/**
 * Has a projection built and waits for what it comes to.
 * @throws Refused, HubUnreachable; CommandFailed when the build failed
 */
export async function buildProjection(
  hub: HubClient,
  name: string,
  kind: 'rebuild' | 'compare',
  onProgress: (status: ProjectionStatus) => void = () => undefined,
  as: { token?: string } = {},
): Promise<RebuildReport> {
  await hub.post(`/v1/projections/${encodeURIComponent(name)}/${kind}`, as);
  for (;;) {
    const status = await hub.get<ProjectionStatus>(`/v1/projections/${encodeURIComponent(name)}`, {}, as);
    const { job } = status;
    if (job?.state === 'failed') throw new CommandFailed(`the ${kind} of ${name} failed: ${job.error ?? 'unknown'}`);
    if (job?.state === 'done' && job.report) return job.report;
    onProgress(status);
    await delay(pollEveryMs);
  }
}

const progressText = ({ name, rebuilding, head }: ProjectionStatus): string =>
  rebuilding ? `${name}: folding, at position ${rebuilding.position} of ${head}` : `${name}: beginning`;

export function reportText(name: string, kind: 'rebuild' | 'compare', report: RebuildReport): string {
  const { events, seconds, equal, differences, generation } = report;
  const rate = seconds > 0 ? `, ${countText(Math.round(events / seconds))} events/s` : '';
  const folded = `${name}: ${countText(events)} events folded again in ${durationText(seconds * 1_000)}${rate}`;
  if (equal) return `${folded}; equal to the live rows${kind === 'rebuild' ? `, queries now read generation ${generation}` : ''}.`;
  return `${folded}; NOT equal, queries still read generation ${generation}.\n${differencesText(differences)}`;
}

export function differencesText(differences: RebuildReport['differences']): string {
  const columns = [
    { title: 'table' },
    { title: 'live rows' },
    { title: 'rebuilt rows' },
    { title: 'only live' },
    { title: 'only rebuilt' },
  ];
  const rows = differences.map(({ table, liveRows, rebuiltRows, onlyLive, onlyRebuilt }) => [
    table,
    liveRows,
    rebuiltRows,
    onlyLive.count,
    onlyRebuilt.count,
  ]);
  return textTable(columns, rows);
}
