import type { LogHistory } from '@tongbao/transparency-log';

/** What is known when it is asked whether to sign. */
export interface LogView {
  /** The log's name. */
  origin: string;
  /** What was signed last. */
  signed?: { origin: string; size: number; rootHash: string; journalRevision: number; isOfThisKey: boolean };
  /** The tree as the projection has it. */
  tree?: { size: number; rootHash: string; journalRevision: number };
  /** Revision of the journal's newest event where it was looked for; null: there is no journal. */
  journalRevision?: number | null;
  /** What became of the tree since what was signed last, by the tiles; where it has grown. */
  history?: LogHistory;
}

/** Why nothing may be signed: each is for people to look into. */
export type LogAlarm =
  /** What was signed is longer than what there is. */
  | 'rolled_back'
  /** There are other entries than those that were signed. */
  | 'forked'
  /** The tiles do not make the root that they should. */
  | 'tiles_damaged'
  /** What was signed before was signed under another name. */
  | 'origin_differs';

export type LogVerdict =
  | { verdict: 'sign' }
  | { verdict: 'nothing_new' }
  /** The projection has not yet come to what was signed: it is being built. */
  | { verdict: 'behind' }
  | { verdict: 'alarm'; alarm: LogAlarm; detail: string };

/** Whether the tree may be signed: never one that is not shown to continue what was signed last. */
export function decideCheckpoint({ origin, signed, tree, journalRevision, history }: LogView): LogVerdict {
  if (signed && signed.origin !== origin)
    return alarm('origin_differs', `the newest checkpoint is one of ${signed.origin}, and this is ${origin}`);
  const known = Math.max(signed?.journalRevision ?? -1, tree?.journalRevision ?? -1);
  if (journalRevision !== undefined && (journalRevision ?? -1) < known)
    return alarm('rolled_back', `the journal ends with event ${journalRevision ?? 'none'}, and event ${known} was there before`);
  if (!tree) return signed ? { verdict: 'behind' } : { verdict: 'nothing_new' };
  if (!signed) return ofHistory(history, `${tree.size} leaves`);
  if (tree.size < signed.size) {
    if (tree.journalRevision < signed.journalRevision) return { verdict: 'behind' };
    return alarm('rolled_back', `there are ${tree.size} entries, and ${signed.size} were signed`);
  }
  if (tree.size > signed.size) return ofHistory(history, `from ${signed.size} to ${tree.size} leaves`);
  if (tree.rootHash !== signed.rootHash) return alarm('forked', `${signed.size} entries have another root than the one that was signed`);
  return signed.isOfThisKey ? { verdict: 'nothing_new' } : { verdict: 'sign' };
}

function ofHistory(history: LogHistory | undefined, what: string): LogVerdict {
  switch (history) {
    case 'continued':
      return { verdict: 'sign' };
    case 'rolled_back':
    case 'forked':
    case 'tiles_damaged':
      return alarm(history, what);
    case undefined:
      throw new Error('a tree that has grown is looked at before it is decided on');
    default:
      return history satisfies never;
  }
}

const alarm = (which: LogAlarm, detail: string): LogVerdict => ({ verdict: 'alarm', alarm: which, detail });
