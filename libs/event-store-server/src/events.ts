/** An event as a client proposes it. */
export interface ProposedEvent {
  /** 16 bytes, the UUID in network order. */
  readonly id: Uint8Array;
  readonly type: string;
  readonly isJson: boolean;
  readonly data: Uint8Array;
  readonly metadata: Uint8Array;
}

/** An event as it is stored. */
export interface RecordedEvent extends ProposedEvent {
  /** Place in $all: strictly increasing from 1, without gaps. */
  readonly position: number;
  readonly stream: string;
  /** Place in its stream: from 0, without gaps. */
  readonly revision: number;
  readonly categoryId: number;
  /** Milliseconds since the epoch. */
  readonly createdMs: number;
  /** The encoded read response, filled in by the first reader of a recent event and shared by the others. */
  wire?: Buffer;
}

/** What a writer believes about the stream; a number is the revision of its last event. */
export type ExpectedRevision = 'any' | 'no_stream' | 'stream_exists' | number;

/** The revision reported for a stream without events. */
export const NO_REVISION = -1;

export type WriteOutcome =
  | { readonly kind: 'done'; readonly revision: number; readonly position: number | undefined }
  | { readonly kind: 'wrong-revision'; readonly actual: number }
  | { readonly kind: 'stream-deleted' }
  | { readonly kind: 'timed-out' }
  /** The decision needs a stored event that is damaged. */
  | { readonly kind: 'damaged'; readonly reason: string }
  | { readonly kind: 'unavailable'; readonly reason: string };

export const isMetastream = (stream: string): boolean => stream.startsWith('$$');
export const metastreamOf = (stream: string): string => `$$${stream}`;
export const originalOf = (metastream: string): string => metastream.slice(2);

/** The category of a stream: its name up to the first '-'; a name without '-' is its own category. */
export function categoryOf(stream: string): string {
  const dash = stream.indexOf('-');
  return dash < 0 ? stream : stream.slice(0, dash);
}

/** System event types that carry meaning for the store itself. */
export const METADATA_TYPE = '$metadata';
export const STREAM_DELETED_TYPE = '$streamDeleted';
export const LINK_TYPE = '$>';
