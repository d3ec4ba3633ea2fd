import { relayPosition, resetRelay } from '@tongbao/bus';
import { StoreUnavailable, WrongRevision, type EventStore } from '@tongbao/event-store';
import type { Command } from 'commander';
import type { CommandContext, Runner } from './command-context.js';
import { requireYes } from './confirmation.js';
import { logPosition } from './events.command.js';
import { CommandFailed, exitCodes, UsageError, type ExitCode } from './exit-codes.js';
import { HubUnreachable, type HubClient } from './hub-client.js';
import { leaseOf, type LeaseState } from './leases.js';
import { countText, textTable } from './text-table.js';
import { until } from './until.js';

/** A relay as `GET /v1/relays` shows it, with what the embedded form does not have left out. Positions are decimal text. */
export interface RelayState {
  service: string;
  position: string;
  head: string;
  saved?: string;
  lagEvents?: number;
  lagSeconds?: number;
  messages?: number;
  relayed?: number;
  state?: string;
  error?: string;
}

/** Services that publish something, and so have a relay. */
export const publishingServices: readonly string[] = ['payment', 'ledger', 'settlement'];
const takesOverWithinMs = 60_000;

export function addRelayCommands(program: Command, runs: Runner): void {
  const relay = program.command('relay').description('what brings messages from the log to the bus, one for each service');
  relay.command('status').description('how far each is, and who runs it').action(runs(status));
  relay
    .command('reset <service>')
    .description('publish the messages of a service once more, from a log position on')
    .requiredOption('--to <position>', 'everything after this log position is published again; 0 = everything', logPosition)
    .option('--yes', 'do it', false)
    .addHelpText(
      'after',
      `
Every message after the position reaches its topic once more, as it was the first time: whoever reads it must drop what was handled already, by its
id (ce_id) or its position. The hub's own consumers do; only webhooks of news older than the last 20,000 go out again, under the same id. The process
that runs the relay ends, is started again by whatever supervises it, and the next leader's relay begins at the position. To send messages again
without any of that, and marked, see replay.`,
    )
    .action(runs(reset));
}

async function status(context: CommandContext): Promise<ExitCode> {
  const { items } = await relaysOf(context.hub('auditor'));
  const leases = await leasesOf(
    context.store(),
    items.filter(isOverBrokers).map(({ service }) => service),
  );
  const shown: ShownRelay[] = items.map((item) => {
    const lease = leases.get(item.service);
    return { ...item, ...(lease && { leader: lease.url ?? lease.holder, epoch: lease.epoch }) };
  });
  const columns = [
    { title: 'service' },
    { title: 'led by' },
    { title: 'position' },
    { title: 'behind', align: 'right' as const },
    { title: 'messages', align: 'right' as const },
    { title: 'state' },
  ];
  const rows = shown.map((each) => [
    each.service,
    ledBy(each),
    each.position,
    behind(each),
    messages(each),
    each.error ?? each.state ?? 'running',
  ]);
  context.show(shown, () => (rows.length === 0 ? 'No relay runs.' : textTable(columns, rows)));
  return shown.every(({ state }) => state !== 'failed') ? exitCodes.ok : exitCodes.failed;
}

type ShownRelay = RelayState & { leader?: string; epoch?: number };

/** In the embedded form nobody is to be told apart. */
export const isOverBrokers = ({ saved }: RelayState): boolean => saved !== undefined;

/** Of those who hold one; none where the event store is not at hand, for the hub has told the rest. */
async function leasesOf(store: EventStore, led: readonly string[]): Promise<Map<string, LeaseState>> {
  const leases = new Map<string, LeaseState>();
  try {
    for (const service of led) {
      const lease = await leaseOf(store, service);
      if (lease && !lease.isReleased) leases.set(service, lease);
    }
  } catch (error) {
    if (!(error instanceof StoreUnavailable)) throw error;
  }
  return leases;
}

const relaysOf = (hub: HubClient): Promise<{ items: RelayState[] }> => hub.get<{ items: RelayState[] }>('/v1/relays');

function ledBy(relay: ShownRelay): string {
  if (!isOverBrokers(relay)) return 'the only process';
  return relay.leader === undefined ? 'unknown: no event store at --event-store' : `${relay.leader}, epoch ${relay.epoch ?? ''}`;
}

const behind = ({ position, head, lagEvents, lagSeconds }: RelayState): string => {
  if (lagEvents === undefined) return BigInt(position) >= BigInt(head) ? 'no' : 'yes';
  return lagEvents === 0 ? 'no' : `${countText(lagEvents)} events, ${(lagSeconds ?? 0).toFixed(1)} s`;
};

const messages = (relay: RelayState): string => countText(relay.messages ?? relay.relayed ?? 0);

async function reset(context: CommandContext, service: string, { to, yes }: { to: bigint; yes: boolean }): Promise<ExitCode> {
  if (!publishingServices.includes(service))
    throw new UsageError(`There is no relay of ${service}; there are: ${publishingServices.join(', ')}.`);
  requireYes(yes, `publish every message of ${service} after position ${to} once more`);
  const store = context.store();
  const runs = await isRunning(context.hub('auditor'), service);
  const before = await relayPosition(store, service);
  const lease = runs ? await leaseOf(store, service) : undefined;
  await moveBack(store, service, to);
  context.io.err(`The relay of ${service} is set back from ${before} to ${to}${lease ? '; waiting for the next leader' : ''}.\n`);
  const next = lease && (await nextLeader(store, lease));
  context.show({ service, before, to, ...(next && { leader: next.url ?? next.holder, epoch: next.epoch }) }, () =>
    next
      ? `${next.url ?? next.holder} leads ${service} now (epoch ${next.epoch}) and publishes what comes after ${to}.`
      : `The next relay of ${service} to begin publishes what comes after ${to}.`,
  );
  return exitCodes.ok;
}

/** @throws UsageError in the embedded form, where the relay has its position for itself */
async function isRunning(hub: HubClient, service: string): Promise<boolean> {
  try {
    const relay = (await relaysOf(hub)).items.find((each) => each.service === service);
    if (relay && !isOverBrokers(relay))
      throw new UsageError('This hub runs as one process: its events are the messages, and no relay is to be set back.');
    return relay !== undefined;
  } catch (error) {
    // With the hub stopped, the event store alone is asked.
    if (error instanceof HubUnreachable) return false;
    throw error;
  }
}

const tries = 20;

/** A relay that is at work moves its own position several times a second. */
async function moveBack(store: EventStore, service: string, to: bigint): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await resetRelay(store, service, to);
      return;
    } catch (error) {
      if (error instanceof RangeError) throw new CommandFailed(error.message, { cause: error });
      if (!(error instanceof WrongRevision) || attempt === tries) throw error;
    }
  }
}

function nextLeader(store: EventStore, before: LeaseState): Promise<LeaseState> {
  const look = async () => {
    const lease = await leaseOf(store, before.service);
    return lease && lease.epoch > before.epoch && !lease.isReleased ? lease : undefined;
  };
  const what = `no process of ${before.service} has taken over from ${before.holder}`;
  return until(look, { everyMs: 200, timeoutMs: takesOverWithinMs, what }).catch((error: unknown) => {
    throw new CommandFailed(`${String(error)}: is any running? The position is set back.`, { cause: error });
  });
}
