import { setTimeout as delay } from 'node:timers/promises';
import type { Command } from 'commander';
import type { CommandContext, Runner } from './command-context.js';
import { requireYes } from './confirmation.js';
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
  rebuilding?: { reason: string; generation: number; position: string; stopped?: true };
  job?: { kind: 'rebuild' | 'compare'; state: 'running' | 'stopped' | 'done' | 'failed'; report?: RebuildReport; error?: string };
}

const pollEveryMs = 200;

export function addProjectionsCommands(program: Command, runs: Runner): void {
  const projections = program
    .command('projections')
    .description('what queries read: lag, rebuild, compare; builds that are stopped, resumed, dropped');
  projections.command('list').description('all projections with version, position and lag').action(runs(list));
  projections
    .command('rebuild <name>')
    .description('fold the whole log again beside the live rows, compare, and switch when both are equal')
    .option('--force', 'switch although they differ: the live rows are wrong', false)
    .option('--yes', 'with --force: do it', false)
    .action(runs(rebuild));
  projections
    .command('compare <name>')
    .description('fold the whole log again beside the live rows and compare, without a switch')
    .action(runs((context, name: string) => build(context, name, 'compare')));
  projections.command('stop <name>').description('stop what is being built; what there is of it stays').action(runs(stop));
  projections.command('resume <name>').description('go on with what was stopped, from where it is').action(runs(resume));
  projections
    .command('drop <name>')
    .description('give up what is being built, or was stopped; a new version is begun again')
    .option('--yes', 'do it', false)
    .action(runs(drop));
}

interface Confirmed {
  yes: boolean;
}

async function rebuild(context: CommandContext, name: string, { force, yes }: Confirmed & { force: boolean }): Promise<ExitCode> {
  if (force) requireYes(yes, `replace the live rows of ${name} by others, whatever differs`);
  return build(context, name, 'rebuild', force ? { force } : undefined);
}

async function stop(context: CommandContext, name: string): Promise<ExitCode> {
  const status = await context.hub('ops').post<ProjectionStatus>(pathOf(name, 'stop'));
  context.show(status, () =>
    status.rebuilding
      ? `${name}: stopped at position ${status.rebuilding.position} of ${status.head}.`
      : `${name}: nothing is left to stop.`,
  );
  return exitCodes.ok;
}

async function resume(context: CommandContext, name: string): Promise<ExitCode> {
  const status = await context.hub('ops').get<ProjectionStatus>(pathOf(name));
  const kind = status.rebuilding?.reason;
  if (kind === 'rebuild' || kind === 'compare') return watch(context, name, kind, 'resume');
  const resumed = await context.hub('ops').post<ProjectionStatus>(pathOf(name, 'resume'));
  context.show(resumed, () => `${name}: the new version goes on being built.`);
  return exitCodes.ok;
}

async function drop(context: CommandContext, name: string, { yes }: Confirmed): Promise<ExitCode> {
  requireYes(yes, `give up what has been built of ${name}`);
  const status = await context.hub('ops').post<ProjectionStatus>(pathOf(name, 'drop'));
  context.show(status, () =>
    status.rebuilding ? `${name}: dropped, and begun again.` : `${name}: dropped; queries read generation ${status.generation}.`,
  );
  return exitCodes.ok;
}

const pathOf = (name: string, ...verb: string[]): string => ['/v1/projections', encodeURIComponent(name), ...verb].join('/');

async function list(context: CommandContext): Promise<ExitCode> {
  const { items } = await context.hub('auditor').get<{ items: ProjectionStatus[] }>('/v1/projections');
  const columns = [{ title: 'projection' }, { title: 'version' }, { title: 'position' }, { title: 'behind' }, { title: 'state' }];
  const rows = items.map((each) => [each.name, each.version, each.position, behind(each), stateText(each)]);
  context.show(items, () => textTable(columns, rows));
  return exitCodes.ok;
}

/** Positions are no counts: all that can be said is whether everything seen of the log is folded. */
const behind = ({ position, head }: ProjectionStatus): string => (BigInt(position) >= BigInt(head) ? 'no' : `at ${position} of ${head}`);

function stateText({ state, error, rebuilding }: ProjectionStatus): string {
  const built = rebuilding
    ? `${state}; ${rebuilding.reason} ${rebuilding.stopped ? 'stopped' : 'under way'} at ${rebuilding.position}`
    : state;
  return error ? `${built}: ${error}` : built;
}

const build = (context: CommandContext, name: string, kind: 'rebuild' | 'compare', body?: object): Promise<ExitCode> =>
  watch(context, name, kind, kind, body);

async function watch(
  context: CommandContext,
  name: string,
  kind: 'rebuild' | 'compare',
  verb: 'rebuild' | 'compare' | 'resume',
  body?: object,
): Promise<ExitCode> {
  const hub = context.hub('ops');
  const report = await buildProjection(
    hub,
    name,
    verb,
    (status) => {
      if (context.io.isTerminal && !context.options.json) context.io.out(`\r${progressText(status)}\u001b[K`);
    },
    { body },
  );
  if (context.io.isTerminal && !context.options.json) context.io.out('\r\u001b[K');
  const isForced = body !== undefined;
  context.show(report, () => reportText(name, kind, report, isForced));
  return report.equal || isForced ? exitCodes.ok : exitCodes.failed;
}

/**
 * Has a projection built and waits for what it comes to.
 * @throws Refused, HubUnreachable; CommandFailed when the build failed
 */
export async function buildProjection(
  hub: HubClient,
  name: string,
  verb: 'rebuild' | 'compare' | 'resume',
  onProgress: (status: ProjectionStatus) => void = () => undefined,
  { body, ...as }: { token?: string; body?: object } = {},
): Promise<RebuildReport> {
  await hub.post(pathOf(name, verb), { ...as, ...(body && { body }) });
  for (;;) {
    const status = await hub.get<ProjectionStatus>(pathOf(name), {}, as);
    const { job } = status;
    if (job?.state === 'failed') throw new CommandFailed(`the ${job.kind} of ${name} failed: ${job.error ?? 'unknown'}`);
    if (job?.state === 'stopped' || job === undefined)
      throw new CommandFailed(`what was being built of ${name} was stopped; see \`projections list\`, \`resume\` and \`drop\``);
    if (job.state === 'done' && job.report) return job.report;
    onProgress(status);
    await delay(pollEveryMs);
  }
}

const progressText = ({ name, rebuilding, head }: ProjectionStatus): string =>
  rebuilding
    ? `${name}: folding, at position ${rebuilding.position} of ${head} (${percentOf(rebuilding.position, head)} %)`
    : `${name}: beginning`;

/** Of the way through the log, by position. */
const percentOf = (position: string, head: string): number =>
  BigInt(head) === 0n ? 100 : Number((BigInt(position) * 100n) / BigInt(head));

function reportText(name: string, kind: 'rebuild' | 'compare', report: RebuildReport, isForced: boolean): string {
  const { events, seconds, equal, differences, generation } = report;
  const rate = seconds > 0 ? `, ${countText(Math.round(events / seconds))} events/s` : '';
  const folded = `${name}: ${countText(events)} events folded again in ${durationText(seconds * 1_000)}${rate}`;
  if (equal) return `${folded}; equal to the live rows${kind === 'rebuild' ? `, queries now read generation ${generation}` : ''}.`;
  return `${folded}; NOT equal, queries ${isForced ? 'now' : 'still'} read generation ${generation}.\n${differencesText(differences)}`;
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
