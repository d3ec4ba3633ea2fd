import type { Command } from 'commander';
import { ClusterHub } from './cluster-hub.js';
import type { CommandContext, Runner } from './command-context.js';
import { wholeNumber } from './events.command.js';
import { exitCodes, type ExitCode } from './exit-codes.js';

interface ClusterCommandOptions {
  replicas: number;
  port: number;
  kafka?: string;
  database?: string;
  redis?: string;
  useEventStore: boolean;
}

export function addClusterCommand(program: Command, runs: Runner): void {
  program
    .command('cluster')
    .description(
      'run the distributed hub on this machine: Kafka, PostgreSQL, Redis, the event store and every service, each a process of its own',
    )
    .option('--replicas <count>', 'processes of each service', wholeNumber, 1)
    .option('--port <port>', 'of the gateway', wholeNumber, 8_080)
    .option('--kafka <brokers>', 'use these brokers (host:port, by comma) instead of starting one')
    .option('--database <url>', 'use this PostgreSQL instead of starting one')
    .option('--redis <url>', 'use this Redis instead of starting one')
    .option('--use-event-store', 'use the event store named by --event-store instead of starting one', false)
    .action(runs(cluster));
}

async function cluster({ io, options }: CommandContext, asked: ClusterCommandOptions): Promise<ExitCode> {
  const interrupted = new AbortController();
  const interrupt = () => {
    io.err('finishing what is in hand\n');
    interrupted.abort();
  };
  process.once('SIGINT', interrupt).once('SIGTERM', interrupt);
  const dataDir = options.data ?? './data/cluster';
  const external = {
    ...(asked.kafka && { kafkaBrokers: asked.kafka }),
    ...(asked.database && { databaseUrl: asked.database }),
    ...(asked.redis && { redisUrl: asked.redis }),
    ...(asked.useEventStore && { eventStoreUrl: options.eventStore }),
  };
  const { replicas, port } = asked;
  const hub = await ClusterHub.start({
    dataDir,
    replicas,
    port,
    external,
    signal: interrupted.signal,
    onProgress: (line) => io.err(`${line}\n`),
  });
  const { addresses, processes } = hub.cluster;
  const lines = [...processes.keys()].map((name) => `    ${name.padEnd(16)} ${hub.cluster.urlOf(name)}`);
  io.out(`The hub is ready
  HTTP API      ${hub.url}/v1     (health: ${hub.url}/health/ready, description: ${hub.url}/openapi.json)
  Kafka         ${addresses.kafkaBrokers}
  event store   ${addresses.eventStoreUrl}
  PostgreSQL    ${addresses.databaseUrl}
  Redis         ${addresses.redisUrl}
  processes
${lines.join('\n')}
  data          ${dataDir}     (operators' tokens: ${dataDir}/operators.json, logs: ${dataDir}/logs)
Stop with Ctrl-C.
`);
  await hub.ended;
  io.out('stopped\n');
  return exitCodes.ok;
}
