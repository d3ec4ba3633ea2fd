import type { RecordedEvent } from './events.js';

/** What the last event of a metastream says about its stream. */
export interface StreamMetadata {
  /** Only so many of the newest events are visible. */
  readonly maxCount: number | undefined;
  /** Older events are hidden. */
  readonly maxAgeMs: number | undefined;
  /** Events below this revision are hidden. */
  readonly truncateBefore: number | undefined;
  readonly softDeleted: boolean;
  /** The whole object as it was written, to be kept when the store itself changes a part. */
  readonly raw: Readonly<Record<string, unknown>>;
}

/**
 * The value of `$tb` that means deleted, 2^63 - 1. JSON.parse rounds it to 2^63, so a comparison for equality would fail;
 * no true revision comes anywhere near.
 */
const DELETED_FROM = 2 ** 62;

export const NO_METADATA: StreamMetadata = {
  maxCount: undefined,
  maxAgeMs: undefined,
  truncateBefore: undefined,
  softDeleted: false,
  raw: {},
};

/** A metastream shows its last event only, as EventStoreDB has it. */
export const METASTREAM_METADATA: StreamMetadata = { ...NO_METADATA, maxCount: 1 };

/** The metadata that a soft delete writes: it replaces what was there. */
export const softDeleteData = (): Buffer => Buffer.from('{"$tb":9223372036854775807}');

/** The metadata that brings a soft-deleted stream back: everything is kept, and revisions before `resumeAt` stay hidden. */
export const resumeData = (current: StreamMetadata, resumeAt: number): Buffer =>
  Buffer.from(JSON.stringify({ ...current.raw, $tb: resumeAt }));

/** Reads `$maxCount`, `$maxAge` (seconds) and `$tb` of a metadata event. Data that is not a JSON object means no restriction. */
export function parseMetadata(event: Pick<RecordedEvent, 'data'>): StreamMetadata {
  const raw = parseObject(event.data);
  const truncateBefore = numberOf(raw['$tb']);
  const maxAgeSeconds = numberOf(raw['$maxAge']);
  return {
    maxCount: numberOf(raw['$maxCount']),
    maxAgeMs: maxAgeSeconds === undefined ? undefined : maxAgeSeconds * 1000,
    truncateBefore,
    softDeleted: truncateBefore !== undefined && truncateBefore >= DELETED_FROM,
    raw,
  };
}

/** The lowest revision that a read may show. */
export function firstVisibleRevision({ maxCount, truncateBefore }: StreamMetadata, last: number): number {
  return Math.max(0, truncateBefore ?? 0, maxCount === undefined ? 0 : last - maxCount + 1);
}

/** The earliest time of creation that a read may show. */
export const firstVisibleTime = ({ maxAgeMs }: StreamMetadata, nowMs: number): number =>
  maxAgeMs === undefined ? -Infinity : nowMs - maxAgeMs;

function parseObject(data: Uint8Array): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('utf8'));
    return isObject(value) ? value : {};
  } catch (error) {
    // Clients may write anything into a metastream; EventStoreDB treats what it cannot read as no metadata, too.
    if (error instanceof SyntaxError) return {};
    throw error;
  }
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);

const numberOf = (value: unknown): number | undefined => (typeof value === 'number' && value >= 0 ? value : undefined);
