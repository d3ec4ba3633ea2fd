import type { Command } from 'commander';
import type { CommandContext, Runner } from './command-context.js';
import { requireYes } from './confirmation.js';
import { standstillOf, type GroupTopic } from './doctor.checks.js';
import { exitCodes, UsageError, type ExitCode } from './exit-codes.js';
import { textTable } from './text-table.js';

interface Group {
  group: string;
  state: string;
  topics: GroupTopic[];
  parkedKeys: { topic: string; key: string; since: string; deadLetters: number; releasing: boolean }[];
}

interface DeadLetter {
  deadLetterId: string;
  topic: string;
  status: string;
  reason: string;
  at: string;
  messageType?: string;
  record: { key?: string };
  error?: { name: string; message: string };
  failedReleases: number;
}

interface Released {
  handled: number;
  stillParked: boolean;
  failed?: { deadLetterId: string; attempts: number; error: { message: string } };
}

export function addDeadLetterCommands(program: Command, runs: Runner): void {
  const deadLetters = program
    .command('dead-letters')
    .description('messages that a consumer group could not handle, and keys parked because of them');
  deadLetters
    .command('list [group]')
    .description('all groups, or the dead letters of one')
    .option('--all', 'resolved ones too', false)
    .action(runs(list));
  deadLetters.command('show <group> <deadLetterId>').description('one with its origin, payload and error').action(runs(showOne));
  deadLetters
    .command('release <group>')
    .description('handle the dead letters of a parked key again, in order; or one whose key is not parked')
    .option('--topic <topic>', 'with --key')
    .option('--key <key>', 'the parked key')
    .option('--id <deadLetterId>', 'instead of topic and key')
    .option('--yes', 'do it', false)
    .action(runs(release));
  deadLetters
    .command('discard <group> <deadLetterId>')
    .description('give one up')
    .requiredOption('--reason <text>', 'why; kept with it')
    .option('--yes', 'do it', false)
    .action(runs(discard));
}

const pathOf = (...parts: string[]): string => ['/v1/dead-letters', ...parts.map(encodeURIComponent)].join('/');

async function list(context: CommandContext, group: string | undefined, { all }: { all: boolean }): Promise<ExitCode> {
  const hub = context.hub('ops');
  if (group === undefined) {
    const { items } = await hub.get<{ items: Group[] }>(pathOf());
    context.show(items, () => groupsText(items));
    return exitCodes.ok;
  }
  const items: DeadLetter[] = [];
  let cursor: string | undefined;
  do {
    const page = await hub.get<{ items: DeadLetter[]; cursor?: string }>(pathOf(group), { all, limit: 500, cursor });
    items.push(...page.items);
    cursor = page.cursor;
  } while (cursor !== undefined);
  const columns = [
    { title: 'dead letter' },
    { title: 'key' },
    { title: 'type' },
    { title: 'status' },
    { title: 'since' },
    { title: 'why' },
  ];
  const rows = items.map((each) => [
    each.deadLetterId,
    each.record.key,
    each.messageType,
    each.status,
    each.at,
    each.error?.message ?? each.reason,
  ]);
  context.show(items, () => (items.length === 0 ? `${group} has no dead letters.` : textTable(columns, rows)));
  return exitCodes.ok;
}

function groupsText(groups: Group[]): string {
  const columns = [
    { title: 'group' },
    { title: 'topic' },
    { title: 'behind' },
    { title: 'in hand', align: 'right' as const },
    { title: 'state' },
  ];
  const rows = groups.flatMap(({ group, state, topics }) =>
    topics.map((each) => [
      group,
      each.topic,
      BigInt(each.position) >= BigInt(each.head) ? 'no' : 'yes',
      each.open,
      standstillOf(each) ?? state,
    ]),
  );
  const parked = groups.flatMap(({ group, parkedKeys }) =>
    parkedKeys.map((each) => [group, each.topic, each.key, each.deadLetters, each.since]),
  );
  const parkedColumns = [
    { title: 'group' },
    { title: 'topic' },
    { title: 'parked key' },
    { title: 'dead letters', align: 'right' as const },
    { title: 'since' },
  ];
  return `${textTable(columns, rows)}\n\n${parked.length === 0 ? 'No key is parked.' : textTable(parkedColumns, parked)}`;
}

async function showOne(context: CommandContext, group: string, deadLetterId: string): Promise<ExitCode> {
  const letter = await context.hub('ops').get<DeadLetter>(pathOf(group, deadLetterId));
  context.show(letter, () => JSON.stringify(letter, null, 2));
  return exitCodes.ok;
}

interface ReleaseOptions {
  topic?: string;
  key?: string;
  id?: string;
  yes: boolean;
}

async function release(context: CommandContext, group: string, { topic, key, id, yes }: ReleaseOptions): Promise<ExitCode> {
  const isWhole = id !== undefined ? topic === undefined && key === undefined : topic !== undefined && key !== undefined;
  if (!isWhole) throw new UsageError('Name --topic and --key, or --id.');
  requireYes(yes, `release ${id ?? `${key ?? ''} of ${topic ?? ''}`} to ${group}`);
  const body = id !== undefined ? { deadLetterId: id } : { topic, key };
  const released = await context.hub('ops').post<Released>(pathOf(group, 'release'), { body });
  const failure = released.failed && `; ${released.failed.deadLetterId} failed again: ${released.failed.error.message}`;
  context.show(released, () => `${released.handled} handled${failure ?? ''}${released.stillParked ? '; the key is still parked' : ''}.`);
  return released.failed ? exitCodes.failed : exitCodes.ok;
}

async function discard(
  context: CommandContext,
  group: string,
  deadLetterId: string,
  { reason, yes }: { reason: string; yes: boolean },
): Promise<ExitCode> {
  requireYes(yes, `discard ${deadLetterId} of ${group}`);
  const letter = await context.hub('ops').post<DeadLetter>(pathOf(group, deadLetterId, 'discard'), { body: { reason } });
  context.show(letter, () => `${letter.deadLetterId} is discarded.`);
  return exitCodes.ok;
}
