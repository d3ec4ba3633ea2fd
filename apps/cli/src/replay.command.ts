import type { ServiceName } from '@tongbao/service';
import { Option, type Command } from 'commander';
import type { CommandContext, Runner } from './command-context.js';
import { logPosition, wholeNumber } from './events.command.js';
import { UsageError, type ExitCode } from './exit-codes.js';
import { projectionName, serviceName, type ProjectionName } from './hub-services.js';
import type { GivenRange } from './log-range.js';
import { withKafkaOption, type GivenAddresses } from './ops-settings.js';

interface ReplayOptions extends GivenAddresses, GivenRange {
  into?: 'scratch';
  projection?: ProjectionName;
  sql?: string;
  table?: string;
  limit: number;
  compare: boolean;
  toTopic?: string;
  service?: ServiceName;
  of?: string;
  dryRun: boolean;
  yes: boolean;
}

const help = `
Into a scratch projection: folds a part of the log, or all of it, into a database in memory with the code of the service, and shows the rows. Nothing of
the hub is touched. What a part of the log needs from before that part is left out, and counted.
  tongbao replay --into scratch --projection payment --sql "SELECT status, count(*) FROM payments GROUP BY status"
  tongbao replay --into scratch --projection payment --stream payment-pay_… --table payments
  tongbao replay --into scratch --projection ledger --compare            with the live rows at $DATABASE_URL

To a topic: sends what a service has published once more, with the header tongbao-replay. The hub's own consumer groups pass over what has it, so nothing
happens in the hub a second time; everybody else may read it.
  tongbao replay --to-topic tongbao.payment.events --service payment --from 1200 --to 1300 --yes
  tongbao replay --to-topic analytics.payments --service payment --dry-run`;

export function addReplayCommand(program: Command, runs: Runner): void {
  const replay = program
    .command('replay')
    .description('a part of the log once more: into a scratch projection to look at, or to a topic')
    .option('--from <position>', 'first log position; default: the start of the log', logPosition)
    .option('--to <position>', 'last log position; default: what is there now', logPosition)
    .option('--stream <name>', 'the events of one stream, such as payment-pay_…')
    .addOption(new Option('--into <what>', 'fold the events and look at the rows').choices(['scratch']))
    .option('--projection <name>', 'with --into: payment, ledger, settlement, finance, reconciliation or notification', projectionName)
    .option('--sql <query>', 'with --into: show what a query gives; its tables need no schema')
    .option('--table <name>', 'with --into: show the first rows of a table')
    .option('--limit <rows>', 'with --table: how many', wholeNumber, 20)
    .option('--compare', 'with --into: compare all rows with those that the hub reads', false)
    .option('--database <url>', 'with --compare: the PostgreSQL of the hub; default: $DATABASE_URL')
    .option('--to-topic <name>', 'send the messages once more to this topic')
    .option('--service <name>', 'with --to-topic: whose messages: payment, ledger or settlement', serviceName)
    .option('--of <topic>', 'with --to-topic: messages of this topic; default: the target, or the events of the service')
    .option('--dry-run', 'with --to-topic: only count them', false)
    .option('--yes', 'with --to-topic: send them', false)
    .addHelpText('after', help);
  withKafkaOption(replay).action(runs(run));
}

async function run(context: CommandContext, options: ReplayOptions): Promise<ExitCode> {
  const { into, toTopic, projection, service } = options;
  if ((into === undefined) === (toTopic === undefined)) throw new UsageError('Name either --into scratch or --to-topic.');
  if (toTopic !== undefined) {
    if (service === undefined) throw new UsageError('Name the --service whose messages are to be sent.');
    const { replayToTopic } = await import('./replay-topic.js');
    return replayToTopic(context, { ...options, toTopic, service });
  }
  if (projection === undefined) throw new UsageError('Name the --projection that the events are to be folded by.');
  const { replayIntoScratch } = await import('./replay-scratch.js');
  return replayIntoScratch(context, { ...options, projection });
}
