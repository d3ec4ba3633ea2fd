import { benchEventStore } from '@tongbao/event-store-server';
import type { BenchContext } from './bench.js';
import type { Figure, PartReport } from './report.js';

/** The embedded event store alone, beside SQLite with nothing around it. */
export async function benchStore({ progress }: BenchContext): Promise<PartReport> {
  progress('store: appends and reads, inside the server and through gRPC');
  const report = await benchEventStore();
  const groups = report.groups.flatMap(({ size, storeAppends, bareInserts }): Figure[] => [
    {
      name: `appends, groups of ${size}`,
      value: storeAppends,
      unit: 'events/s',
      meaning: `inside the server, durable, ${size} at a time share an fsync`,
    },
    {
      name: `bare SQLite, groups of ${size}`,
      value: bareInserts,
      unit: 'rows/s',
      meaning: 'inserts of the same data into one table, the same durability and group size',
    },
    {
      name: `ratio, groups of ${size}`,
      value: storeAppends / bareInserts,
      unit: '',
      goal: '>= 0.5',
      meaning: 'what the store keeps of what SQLite gives',
    },
  ]);
  const figures: Figure[] = [
    ...groups,
    {
      name: 'reads',
      value: report.reads,
      unit: 'events/s',
      meaning: 'of all streams in log order, from disk, checksums verified, encoded for the wire',
    },
    {
      name: 'appends through gRPC',
      value: report.grpcAppends,
      unit: 'events/s',
      meaning: '64 in flight, with the official client; server and client in one thread',
    },
    {
      name: 'reads through gRPC',
      value: report.grpcReads,
      unit: 'events/s',
      meaning: 'with the official client; server and client in one thread',
    },
  ];
  return { part: 'store', figures, tables: [], detail: report };
}
