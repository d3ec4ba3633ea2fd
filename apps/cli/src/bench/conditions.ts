import { closeSync, fsyncSync, openSync, rmSync, statfsSync, writeSync } from 'node:fs';
import { cpus, platform, release, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { LatencyRecorder, type Latency } from './latency-recorder.js';

/** Where and how the figures were measured: without this they mean nothing. */
export interface Conditions {
  startedAt: string;
  cpu: string;
  cores: number;
  memoryBytes: number;
  system: string;
  node: string;
  /** Of servers beneath the hub, by their names. */
  versions?: Record<string, string>;
  /** Of the folder for temporary files, where all data goes. */
  fileSystem: string;
  /** Milliseconds of a write of 4 KiB and its fsync there. */
  fsync: Latency;
  durability: string;
  load: string;
}

export const conditionsNow = (): Conditions => ({
  startedAt: new Date().toISOString(),
  cpu: cpus()[0]?.model.trim() ?? 'unknown',
  cores: cpus().length,
  memoryBytes: totalmem(),
  system: `${platform()} ${release()}`,
  node: process.version,
  fileSystem: fileSystemOf(tmpdir()),
  fsync: measureFsync(tmpdir()),
  durability: 'SQLite WAL with synchronous=FULL: an append is acknowledged after the fsync of its group',
  load: 'from a process beside the hub, on the same cores and over loopback: its own work takes part of what is measured',
});

/** As Linux numbers them in statfs(2). */
const fileSystems: Record<number, string> = {
  0xef53: 'ext4',
  0x58465342: 'xfs',
  0x9123683e: 'btrfs',
  0x794c7630: 'overlay',
  0x01021994: 'tmpfs: an fsync costs nothing there, so nothing durable is measured',
};

function fileSystemOf(folder: string): string {
  const { type } = statfsSync(folder);
  return fileSystems[type] ?? `0x${type.toString(16)}`;
}

function measureFsync(folder: string): Latency {
  const file = join(folder, `tongbao-fsync-${process.pid}`);
  const block = Buffer.alloc(4_096, 1);
  const recorder = new LatencyRecorder();
  const descriptor = openSync(file, 'w');
  try {
    for (let count = 0; count < 200; count += 1) {
      const startedMs = performance.now();
      writeSync(descriptor, block);
      fsyncSync(descriptor);
      recorder.record(performance.now() - startedMs);
    }
  } finally {
    closeSync(descriptor);
    rmSync(file);
  }
  return recorder.latency();
}
