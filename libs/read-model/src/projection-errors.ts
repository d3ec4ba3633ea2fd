/** Somebody else moves this projection's checkpoint, or its tables were taken away: this one must stop. */
export class CheckpointLost extends Error {
  override readonly name = 'CheckpointLost';
}

/** The fold threw: a bug, or a fact that it does not know. Nothing is skipped, so it ends here. */
export class FoldFailed extends Error {
  override readonly name = 'FoldFailed';
}

/** What is asked of a build does not go with its present state. */
export class BuildRefused extends Error {
  override readonly name = 'BuildRefused';
}

/** This process does not keep the projection: its leading process does, and is to be asked. */
export class NotLeading extends Error {
  override readonly name = 'NotLeading';
}

/**
 * A crash of the database has undone the newest batches, rows and checkpoint together: folding must go on from the position that is left. A
 * generation takes no further batch, which would leave a gap, before whoever feeds it has acknowledged that by `goOn`.
 */
export class Rewound extends Error {
  override readonly name = 'Rewound';
}
