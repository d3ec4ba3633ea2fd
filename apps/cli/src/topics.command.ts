import { applyTopics, topicPlan, type KafkaConnection, type PlannedTopic, type TopicsApplied } from '@tongbao/bus';
import type { Command } from 'commander';
import type { CommandContext, Runner } from './command-context.js';
import { requireYes } from './confirmation.js';
import { wholeNumber } from './events.command.js';
import { exitCodes, type ExitCode } from './exit-codes.js';
import { withAdmin, withBrokers } from './kafka-admin.js';
import { neededBrokers, withKafkaOption, type GivenAddresses } from './ops-settings.js';
import { countText, textTable } from './text-table.js';
import { addAclCommands } from './topics.acls.command.js';
import { describeBrokers, type TopicState } from './topics.state.js';

interface PlanOptions extends GivenAddresses {
  replication?: number;
  retentionDays: number;
}

const usualReplicas = 3;
const dayMs = 24 * 3_600_000;

export function addTopicsCommands(program: Command, runs: Runner): void {
  const topics = program.command('topics').description("the hub's topics on the brokers: what they must be, and what they are");
  const planned = (command: Command): Command =>
    withKafkaOption(command)
      .option('--replication <copies>', 'of each partition; default: three, or as many as there are brokers', wholeNumber)
      .option('--retention-days <days>', 'how long commands and events can be read', wholeNumber, 7);
  planned(topics.command('plan').description('compare the brokers with what the hub needs, and change nothing')).action(
    runs((context, options: PlanOptions) => compare(context, options)),
  );
  planned(topics.command('apply').description('make the topics that are missing, and set the settings that differ; never deletes a topic'))
    .option('--yes', 'also what lets messages be deleted sooner than now', false)
    .action(runs(apply));
  withKafkaOption(topics.command('list').description('the topics that there are: partitions, copies, messages, what is wrong')).action(
    runs(list),
  );
  addAclCommands(topics, runs);
}

async function planFor(connection: KafkaConnection, { replication, retentionDays }: PlanOptions): Promise<PlannedTopic[]> {
  const brokers = await withAdmin(connection, async (admin) => (await admin.describeCluster()).brokers.length);
  return topicPlan({ replicationFactor: replication ?? Math.min(usualReplicas, brokers), retentionMs: retentionDays * dayMs });
}

async function compare(context: CommandContext, options: PlanOptions): Promise<ExitCode> {
  const connection = neededBrokers(options);
  const plan = await planFor(connection, options);
  return shown(context, plan, await withBrokers(connection, () => applyTopics(connection, plan, { dryRun: true })), 'to be ');
}

async function apply(context: CommandContext, options: PlanOptions & { yes: boolean }): Promise<ExitCode> {
  const connection = neededBrokers(options);
  const plan = await planFor(connection, options);
  const forgets = forgetting(await withBrokers(connection, () => applyTopics(connection, plan, { dryRun: true })));
  if (forgets.length > 0) requireYes(options.yes, `let messages be deleted sooner: ${forgets.join('; ')}`);
  return shown(context, plan, await withBrokers(connection, () => applyTopics(connection, plan)), '');
}

/** Changes after which messages go that would stay now. */
export function forgetting({ changed }: Pick<TopicsApplied, 'changed'>): string[] {
  return changed.flatMap(({ name, settings, before }) => {
    const retention = settings['retention.ms'];
    const isShorter = retention !== undefined && keptFor(retention) < keptFor(before['retention.ms']);
    const policy = settings['cleanup.policy'];
    return [
      ...(isShorter ? [`${name}: retention.ms ${before['retention.ms'] ?? 'unknown'} -> ${retention}`] : []),
      ...(policy === undefined ? [] : [`${name}: cleanup.policy ${before['cleanup.policy'] ?? 'unknown'} -> ${policy}`]),
    ];
  });
}

/** -1: for ever, as where it is not known. */
const keptFor = (retentionMs: string | undefined): number =>
  retentionMs === undefined || retentionMs === '-1' ? Infinity : Number(retentionMs);

function shown(context: CommandContext, plan: readonly PlannedTopic[], applied: TopicsApplied, tense: string): ExitCode {
  context.show(applied, () => appliedText(plan, applied, tense));
  return applied.wrong.length === 0 ? exitCodes.ok : exitCodes.failed;
}

export function appliedText(plan: readonly PlannedTopic[], applied: TopicsApplied, tense: string): string {
  const { created, changed, unchanged, wrong } = applied;
  const changes = new Map(
    changed.map(({ name, settings, before }) => [
      name,
      Object.entries(settings)
        .map(([setting, value]) => `${setting} ${before[setting] ?? ''} -> ${value}`)
        .join(', '),
    ]),
  );
  const problems = new Map(wrong.map(({ name, problem }) => [name, problem]));
  const rows = plan.map(({ name, partitions, replicationFactor }) => {
    const change = changes.get(name);
    const problem = problems.get(name);
    const state = created.includes(name) ? `${tense}created` : change ? `${tense}changed` : problem ? 'WRONG' : 'as it must be';
    return [name, partitions, replicationFactor, state, problem ?? change];
  });
  const columns = [
    { title: 'topic' },
    { title: 'partitions', align: 'right' as const },
    { title: 'copies', align: 'right' as const },
    { title: 'state' },
    { title: 'detail' },
  ];
  const counts = `${created.length} ${tense}created, ${changed.length} ${tense}changed, ${unchanged.length} as they must be, ${wrong.length} wrong`;
  const advice =
    wrong.length === 0
      ? ''
      : '\nWhat is wrong only a person can mend: partitions are never changed, for keys would come to other ones and lose their order.';
  return `${textTable(columns, rows)}\n\n${counts}.${advice}`;
}

async function list(context: CommandContext, options: GivenAddresses): Promise<ExitCode> {
  const { topics } = await withAdmin(neededBrokers(options), describeBrokers);
  context.show(topics, () => listText(topics));
  return exitCodes.ok;
}

function listText(topics: readonly TopicState[]): string {
  if (topics.length === 0) return 'The brokers have none of the hub’s topics: topics apply makes them.';
  const columns = [
    { title: 'topic' },
    { title: 'partitions', align: 'right' as const },
    { title: 'copies', align: 'right' as const },
    { title: 'messages', align: 'right' as const },
    { title: 'what' },
  ];
  const rows = topics.map(({ name, partitions, replicationFactor, messages, offline, underReplicated }) => [
    name,
    partitions,
    replicationFactor,
    countText(messages),
    offline + underReplicated === 0 ? 'well' : `${offline} partitions without a leader, ${underReplicated} with copies that are behind`,
  ]);
  return textTable(columns, rows);
}
