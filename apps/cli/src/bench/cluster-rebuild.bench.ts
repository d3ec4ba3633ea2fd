import type { ClusterBenchContext } from './cluster-bench.js';
import { untilReadModelsReach } from './read-models.js';
import { benchRebuild } from './rebuild.bench.js';
import type { PartReport } from './report.js';

const patienceMs = 600_000;

/** How fast projections are built again in PostgreSQL, beside how fast their events can be read at all. */
export function benchClusterRebuild({ clusters, payments, progress }: ClusterBenchContext): Promise<PartReport> {
  const prepared = async () => {
    const { hub, watcher, copies } = await clusters.of('copies');
    if (copies.count === 0) {
      progress(`rebuild: ${payments} payments, appended to the log as copies of a real one`);
      await copies.add(payments);
    }
    await untilReadModelsReach(hub, watcher.journalPosition, patienceMs, ['notification']);
    await hub.untilAtRest();
    return { hub, store: hub.store };
  };
  return benchRebuild({ prepared, progress });
}
