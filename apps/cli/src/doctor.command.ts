import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { readEveryEvent } from './all-events.js';
import type { CommandContext, Runner } from './command-context.js';
import { clusterFindings } from './doctor.cluster.js';
import {
  consumerFindings,
  ledgerFindings,
  positionFinding,
  projectionFindings,
  windowFinding,
  type Finding,
  type GroupStatus,
  type Position,
  type TrialBalance,
  type WindowNets,
} from './doctor.checks.js';
import { exitCodes, UsageError, type ExitCode } from './exit-codes.js';
import { HubUnreachable, Refused, type HubClient } from './hub-client.js';
import { withKafkaOption, type GivenAddresses } from './ops-settings.js';
import type { ProjectionStatus } from './projections.command.js';
import { countText } from './text-table.js';
import { until } from './until.js';

const help = `
Of a distributed hub, whose gateway is named by --url, it looks at the relays, and by --event-store at who leads; at the brokers, the read models and
Redis only where they are named. A "note" fails nothing.`;
const agreeWithinMs = 3_000;
const windowsCompared = 50;

export function addDoctorCommand(program: Command, runs: Runner): void {
  const command = program
    .command('doctor')
    .description(
      'is the hub well? health, consumers, ledger, settlement, projections; of a distributed one also leaders, relays and servers',
    )
    .option('--deep', 'read every event and compare its checksum; also when the hub is stopped', false)
    .option('--database <url>', "look at the read models' PostgreSQL as well; default: $DATABASE_URL")
    .option('--redis <url>', 'look at Redis as well; default: $REDIS_URL')
    .addHelpText('after', help);
  withKafkaOption(command).action(runs(doctor));
}

async function doctor(context: CommandContext, { deep, ...given }: GivenAddresses & { deep: boolean }): Promise<ExitCode> {
  const isUp = await answers(context.hub());
  if (!isUp && !deep)
    throw new HubUnreachable(`no hub answers at ${context.options.url}; doctor --deep can look at its events while it is stopped`);
  const findings = isUp ? await hubFindings(context, given) : [];
  if (deep) findings.push(isUp ? await runningStoreFinding(context) : await stoppedStoreFinding(context));
  context.show(findings, () => findings.map((finding) => `${markOf(finding)}  ${finding.check}: ${finding.detail}`).join('\n'));
  return findings.every(({ passed }) => passed) ? exitCodes.ok : exitCodes.failed;
}

const markOf = ({ passed, warning }: Finding): string => (passed ? (warning ? 'note  ' : 'ok    ') : 'FAILED');

async function answers(hub: HubClient): Promise<boolean> {
  try {
    await hub.getText('/health/live');
  } catch (error) {
    if (error instanceof HubUnreachable) return false;
    if (!(error instanceof Refused)) throw error;
  }
  return true;
}

async function hubFindings(context: CommandContext, given: GivenAddresses): Promise<Finding[]> {
  const hub = context.hub('auditor');
  const { items: groups } = await hub.get<{ items: GroupStatus[] }>('/v1/dead-letters');
  const { items: projections } = await hub.get<{ items: ProjectionStatus[] }>('/v1/projections');
  return [
    await healthFinding(hub, 'live', 'every fold makes progress'),
    await healthFinding(hub, 'ready', 'everything that it needs answers'),
    ...consumerFindings(groups),
    ...ledgerFindings(await hub.get<TrialBalance>('/v1/ledger/trial-balance')),
    await agreeing(() => comparePositions(hub)),
    await agreeing(() => compareWindows(hub)),
    ...projectionFindings(projections),
    ...(await clusterFindings(context, hub, given)),
  ];
}

async function healthFinding(hub: HubClient, which: 'live' | 'ready', well: string): Promise<Finding> {
  try {
    await hub.getText(`/health/${which}`);
    return { check: `health: ${which}`, passed: true, detail: well };
  } catch (error) {
    if (error instanceof Refused) return { check: `health: ${which}`, passed: false, detail: error.detail };
    throw error;
  }
}

/** While money moves, two folds are never read at the same moment: they are read again until they agree, or for a while. */
async function agreeing(compare: () => Promise<Finding>): Promise<Finding> {
  let finding = await compare();
  const again = async () => {
    if (!finding.passed) finding = await compare();
    return finding.passed ? finding : undefined;
  };
  return until(again, { everyMs: 200, timeoutMs: agreeWithinMs, what: 'agreement' }).catch(() => finding);
}

async function comparePositions(hub: HubClient): Promise<Finding> {
  const positions = await hub.list<Position>('/v1/finance/positions');
  const balances: Position[] = [];
  for (const prefix of ['platform:', 'creator:']) {
    const accounts = await hub.list<{ account: string; currency: string; postedMinor: number }>('/v1/ledger/accounts', { prefix });
    balances.push(...accounts.map(({ account, currency, postedMinor }) => ({ party: account, currency, positionMinor: postedMinor })));
  }
  return positionFinding(positions, balances);
}

/** The newest windows of each state that has a cut-off. */
async function compareWindows(hub: HubClient): Promise<Finding> {
  const windows: WindowNets[] = [];
  for (const state of ['closed', 'settling', 'settled']) {
    const { items } = await hub.get<{ items: { windowId: string }[] }>('/v1/settlement/windows', { state, limit: windowsCompared });
    for (const { windowId } of items) windows.push(await hub.get<WindowNets>(`/v1/settlement/windows/${windowId}`));
  }
  return windowFinding(windows);
}

/** The files of a running store are locked: its server is asked for every event instead, and compares each checksum. */
async function runningStoreFinding({ io, options }: CommandContext): Promise<Finding> {
  const { events, damage } = await readEveryEvent(options.eventStore, (read) => {
    if (io.isTerminal && !options.json) io.err(`\r${countText(read)} events read\u001b[K`);
  });
  if (io.isTerminal && !options.json) io.err('\r\u001b[K');
  const check = 'event store: every event is as it was written';
  return damage === undefined
    ? { check, passed: true, detail: `${countText(events)} events` }
    : { check, passed: false, detail: `after ${countText(events)} events: ${damage}` };
}

async function stoppedStoreFinding({ io, options, dataDir }: CommandContext): Promise<Finding> {
  const folder = join(dataDir, 'events');
  if (!existsSync(folder)) throw new UsageError(`${folder} is missing: name the data folder of the hub with --data.`);
  const { verifyStore } = await import('@tongbao/event-store-server');
  const { events, damaged, ok } = await verifyStore(folder, (checked, total) => {
    if (io.isTerminal && !options.json) io.err(`\r${countText(checked)} of ${countText(total)} events checked\u001b[K`);
  });
  if (io.isTerminal && !options.json) io.err('\r\u001b[K');
  const found = damaged
    .slice(0, 20)
    .map(
      ({ position, stream, revision, reason }) =>
        `${stream ?? 'store'}${revision === undefined ? '' : `@${revision}`}${position === undefined ? '' : ` (position ${position})`}: ${reason}`,
    );
  const check = 'event store (the hub is stopped): every event is as it was written';
  return { check, passed: ok, detail: ok ? `${countText(events)} events` : found.join('; ') };
}
