/** What an audit can find, and what each means. */
export const findingMeanings = {
  // The event store.
  event_damaged: 'the event store cannot give an event as it was written',
  event_missing: 'an event is not in the event store any more',
  event_malformed: 'an event is not what events of its type are',
  entries_unknown: 'entries cannot be read; what the log serves stands in for their leaves, where it serves them',
  entry_number: 'a journal event does not begin with the entry that follows',
  journal_order: 'a journal event goes back behind the one before',
  transfer_invalid: 'a transfer moves what no transfer moves',
  hold_unknown: 'a hold is ended that was never placed',
  books_unbalanced: 'the balances of a currency do not come to zero',
  // Signed checkpoints, as the event store has them.
  checkpoint_refused: 'a checkpoint is not signed by a key of the log, or is none',
  checkpoint_record: 'what is recorded of a checkpoint is not what it says, or not what the journal has there',
  checkpoint_order: 'a checkpoint does not continue the one before',
  checkpoint_root: 'the journal does not make the root of a signed checkpoint',
  checkpoint_beyond: 'a signed checkpoint covers entries that are not in the journal',
  checkpoint_unproven: 'the roots of checkpoints cannot be made, as entries before them cannot be read',
  cosignature_refused: 'what is recorded as the cosignature of a witness is none',
  cosigner_unknown: 'a witness has cosigned whose key is not known here',
  cosigners_too_few: 'a checkpoint counts as witnessed that too few known witnesses have cosigned',
  // What was known before.
  known_refused: 'the checkpoint from before is not signed by a key of the log, or is none',
  rolled_back: 'there is less than was signed before',
  forked: 'there is something else than was signed before',
  // The log as it is served.
  served_checkpoint_missing: 'checkpoints were signed, and none is served',
  served_checkpoint_refused: 'the checkpoint that is served is not one that the log has signed, or too few witnesses have cosigned it',
  served_checkpoint_unrecorded: 'a checkpoint is served that is not among those that are recorded',
  served_root: 'the journal does not make the root of the checkpoint that is served',
  served_leaves_missing: 'the checkpoint that is served covers entries that are not in the journal',
  tiles_damaged: 'the tiles that are served do not make the root of the checkpoint that is served',
  tile_missing: 'a tile is not served',
  tile_length: 'a tile that is served has another length',
  tile_differs: 'a tile that is served is not what the journal makes',
  bundle_missing: 'a bundle of entries is not served',
  bundle_length: 'a bundle of entries ends too early',
  leaf_differs: 'a leaf that is served is neither what the journal makes nor what was signed',
  journal_changed: 'an entry of the journal is not what was signed: it was changed afterwards, or the commitment key is another one',
  // What queries read.
  read_model_behind: 'the rows that queries read do not come up to the journal',
  account_row_missing: 'an account has no row',
  account_row_extra: 'a row is of an account that the journal never touched',
  account_row_differs: 'the row of an account is not what the journal comes to',
  entry_row_missing: 'an entry has no row',
  entry_row_extra: 'a row is of an entry that is not in the journal',
  entry_row_differs: 'the row of an entry is not what the journal says',
} as const;

export type FindingCode = keyof typeof findingMeanings;

export interface Finding {
  readonly finding: FindingCode;
  /** What it is about: `journal-main@17`, `entry 42`, `tile/0/003`, `platform:A CNY`. */
  readonly at: string;
  /** Of that, the part that differs, such as `transfers/0/amountMinor`. */
  readonly field?: string;
  readonly expected?: unknown;
  readonly found?: unknown;
  readonly detail?: string;
}

/** So many of a kind are kept; all are counted. */
const keptOfAKind = 1_000;

/** Everything that an audit has found, in memory that is bounded. */
export class Findings {
  readonly #kept: Finding[] = [];
  readonly #counts = new Map<FindingCode, number>();
  readonly #damagedStreams = new Set<string>();

  add(finding: Finding): void {
    const count = (this.#counts.get(finding.finding) ?? 0) + 1;
    this.#counts.set(finding.finding, count);
    if (count <= keptOfAKind) this.#kept.push(finding);
    if (finding.finding.startsWith('event_')) this.#damagedStreams.add(finding.at.slice(0, finding.at.lastIndexOf('@')));
  }

  /** Whether events of a stream could not be read. */
  isDamaged(stream: string): boolean {
    return this.#damagedStreams.has(stream);
  }

  /** Each part in which two values differ, of one thing. */
  addDifferences(finding: FindingCode, at: string, expected: unknown, found: unknown): void {
    for (const difference of differencesOf(expected, found)) this.add({ finding, at, ...difference });
  }

  get kept(): readonly Finding[] {
    return this.#kept;
  }

  get counts(): ReadonlyMap<FindingCode, number> {
    return this.#counts;
  }

  get total(): number {
    return [...this.#counts.values()].reduce((sum, count) => sum + count, 0);
  }
}

export interface Difference {
  readonly field: string;
  readonly expected?: unknown;
  readonly found?: unknown;
}

/** Where two values of JSON differ, by the paths of their parts; a member that one of them does not have is undefined there. */
export function differencesOf(expected: unknown, found: unknown, path = ''): Difference[] {
  if (expected === found) return [];
  if (!isContainer(expected) || !isContainer(found) || Array.isArray(expected) !== Array.isArray(found))
    return [{ field: path, ...(expected !== undefined && { expected }), ...(found !== undefined && { found }) }];
  const names = new Set([...Object.keys(expected), ...Object.keys(found)]);
  return [...names].flatMap((name) =>
    differencesOf(memberOf(expected, name), memberOf(found, name), path === '' ? name : `${path}/${name}`),
  );
}

const isContainer = (value: unknown): value is object => typeof value === 'object' && value !== null;

const memberOf = (value: object, name: string): unknown => (Object.hasOwn(value, name) ? Reflect.get(value, name) : undefined);
