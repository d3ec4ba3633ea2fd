import { NO_REVISION, type ExpectedRevision } from './events.js';

/** What a decision on an append needs to know of the stream. */
export interface StreamFacts {
  readonly last: number;
  readonly tombstoned: boolean;
  readonly softDeleted: boolean;
  readonly hasMetadata: boolean;
  /** The newest event of the stream with this id. */
  findById(id: Uint8Array): EventPlace | undefined;
  /** The event at a revision, if it has this id. */
  findAt(revision: number, id: Uint8Array): EventPlace | undefined;
}

export interface EventPlace {
  readonly revision: number;
  readonly position: number;
}

export type AppendDecision =
  | { readonly decision: 'write' }
  /** The events are there already; the answer is the one that the first attempt got. */
  | { readonly decision: 'repeated'; readonly place: EventPlace }
  | { readonly decision: 'wrong-revision' }
  | { readonly decision: 'stream-deleted' };

const WRITE: AppendDecision = { decision: 'write' };
const WRONG: AppendDecision = { decision: 'wrong-revision' };
const DELETED: AppendDecision = { decision: 'stream-deleted' };

/**
 * Decides an append as EventStoreDB does (IndexWriter.CheckCommit). An append that is sent again is no error:
 * it is recognised by the ids of its events and answered with the place of the last of them.
 */
export function decideAppend(expected: ExpectedRevision, ids: readonly Uint8Array[], stream: StreamFacts): AppendDecision {
  if (stream.tombstoned) return DELETED;
  if (expected === 'any') return decideByIds(ids, stream);
  if (expected === 'stream_exists') {
    if (stream.softDeleted) return DELETED;
    if (stream.last === NO_REVISION && !stream.hasMetadata) return WRONG;
    return decideByIds(ids, stream);
  }
  const revision = expected === 'no_stream' ? NO_REVISION : expected;
  if (revision > stream.last) return WRONG;
  if (revision === stream.last) return WRITE;
  return decideByRevision(revision, ids, stream);
}

/** Decides a delete: there are no events, hence no retries to recognise. */
export function decideDelete(expected: ExpectedRevision, stream: StreamFacts, hard: boolean): AppendDecision {
  if (stream.tombstoned) return DELETED;
  if (!hard && stream.softDeleted) return DELETED;
  const exists = stream.last !== NO_REVISION || stream.hasMetadata;
  switch (expected) {
    case 'any':
      return hard || exists ? WRITE : WRONG;
    case 'stream_exists':
      return exists ? WRITE : WRONG;
    case 'no_stream':
      return hard && stream.last === NO_REVISION ? WRITE : WRONG;
    default:
      return expected === stream.last ? WRITE : WRONG;
  }
}

/** Without a revision: all ids known is a retry, the first one new is a write, a mixture is neither. */
function decideByIds(ids: readonly Uint8Array[], stream: StreamFacts): AppendDecision {
  let place: EventPlace | undefined;
  for (const id of ids) {
    const found = stream.findById(id);
    if (!found) return place ? WRONG : WRITE;
    place = found;
  }
  return place ? { decision: 'repeated', place } : WRITE;
}

/** With a revision below the last one: the events that follow it must be the ones proposed, one by one. */
function decideByRevision(expected: number, ids: readonly Uint8Array[], stream: StreamFacts): AppendDecision {
  let place: EventPlace | undefined;
  for (const [index, id] of ids.entries()) {
    const found = stream.findAt(expected + 1 + index, id);
    if (!found) return index === 0 && expected === NO_REVISION && stream.softDeleted ? WRITE : WRONG;
    place = found;
  }
  return place ? { decision: 'repeated', place } : WRONG;
}
