import { exitCodes } from '../exit-codes.js';
import { processIo, type Io } from '../io.js';
import { chosenParts, measureParts, writtenTo, type BenchOptions } from './bench.js';
import { clusterConditions } from './cluster-conditions.js';
import { benchClusterHops } from './cluster-hops.bench.js';
import { benchClusterPayments } from './cluster-payments.bench.js';
import { benchClusterRebuild } from './cluster-rebuild.bench.js';
import { benchClusterRelay } from './cluster-relay.bench.js';
import { benchClusterTakeover } from './cluster-takeover.bench.js';
import { Clusters } from './clusters.js';
import { conditionsNow } from './conditions.js';
import { conditionsText, type BenchReport, type PartReport } from './report.js';

export interface ClusterBenchOptions extends BenchOptions {
  /** Folder for CPU profiles of the hub's Node processes. */
  profiles?: string;
}

/** What a part of the distributed form's benchmark is given. */
export interface ClusterBenchContext {
  clusters: Clusters;
  rate?: number;
  seconds: number;
  payments: number;
  progress: (line: string) => void;
}

/** In an order in which those that need the same cluster follow each other. */
const parts: Record<string, (context: ClusterBenchContext) => Promise<PartReport>> = {
  payments: benchClusterPayments,
  hops: benchClusterHops,
  relay: benchClusterRelay,
  rebuild: benchClusterRebuild,
  takeover: benchClusterTakeover,
};

/**
 * Measures the distributed form on this machine, everything on it, prints tables and writes JSON. A part that cannot be measured is reported and does not
 * stop the others.
 * @throws UsageError for options that make no sense
 */
export async function runClusterBench(options: ClusterBenchOptions = {}, io: Io = processIo): Promise<BenchReport> {
  const names = chosenParts(Object.keys(parts), options);
  const interrupted = new AbortController();
  const progress = (line: string) => io.err(`${line}\n`);
  const report: BenchReport = { conditions: { ...conditionsNow(), ...clusterConditions }, parts: [], failures: [] };
  const clusters = new Clusters({ profiles: options.profiles, signal: interrupted.signal, progress }, (versions) => {
    report.conditions.versions = versions;
    io.out(`${conditionsText(report.conditions)}\n\n`);
  });
  const interrupt = () => {
    interrupted.abort();
    // What waits for a hub that is no longer there would wait for long.
    void clusters.stop().finally(() => process.exit(exitCodes.failed));
  };
  process.once('SIGINT', interrupt).once('SIGTERM', interrupt);
  const { rate, seconds = 60, payments = 20_000 } = options;
  const context: ClusterBenchContext = { clusters, ...(rate !== undefined && { rate }), seconds, payments, progress };
  try {
    await measureParts(parts, names, context, report, io);
  } finally {
    await clusters.stop();
    process.off('SIGINT', interrupt).off('SIGTERM', interrupt);
  }
  return writtenTo(options.json, report);
}
