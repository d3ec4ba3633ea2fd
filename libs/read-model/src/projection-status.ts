import type { LogFeed } from '@tongbao/event-store';
import type { TableDifference } from './compare.js';
import type { RebuildProgress } from './rebuild.js';

export interface ProjectionStatus {
  name: string;
  /** Of the rows that queries read. */
  version: number;
  /** 0 when there are none yet. */
  generation: number;
  position: bigint;
  /** What the feed has seen of the log. */
  head: bigint;
  /** Age of the oldest event that is not yet in the rows that queries read; 0 when there is none. */
  lagMs: number;
  /**
   * `building`: queries still read the rows of an older version, at a standstill, while this version's are made. `following`: another process keeps
   * the rows that this one reads. `missing`: no process has made tables yet.
   */
  state: 'building' | 'running' | 'retrying' | 'failed' | 'stopped' | 'following' | 'missing';
  error?: string;
  /** `stopped`: until somebody has it gone on with, or dropped. */
  rebuilding?: { reason: 'version' | 'rebuild' | 'compare'; generation: number; position: bigint; stopped?: true };
}

export interface RebuildResult {
  /** Which queries read now. */
  generation: number;
  events: number;
  seconds: number;
  equal: boolean;
  differences: TableDifference[];
}

/** A projection in this process, whether this one keeps its rows or another. */
export interface LiveProjection {
  readonly name: string;
  status(): ProjectionStatus;
  /** Resolves with true once queries read everything up to a position, with false when the time is over before that. */
  reached(position: bigint, timeoutMs: number): Promise<boolean>;
  rebuild(onProgress?: (progress: RebuildProgress) => void, options?: { force?: boolean }): Promise<RebuildResult>;
  compare(onProgress?: (progress: RebuildProgress) => void): Promise<RebuildResult>;
  stopBuild(): Promise<void>;
  resumeBuild(onProgress?: (progress: RebuildProgress) => void, options?: { force?: boolean }): Promise<RebuildResult | undefined>;
  dropBuild(): Promise<void>;
  stop(): Promise<void>;
}

/** As far back as the feed remembers. */
export function lagMsOf(feed: LogFeed, position: bigint): number {
  if (position >= feed.head) return 0;
  const oldest = feed.appendedAfter(position > feed.floor ? position : feed.floor);
  return oldest ? Math.max(0, Date.now() - oldest.getTime()) : 0;
}
