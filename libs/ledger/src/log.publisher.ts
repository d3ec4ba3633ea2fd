import type { CheckpointSigned } from '@tongbao/contracts';
import { faultPoint, Outage, type EventStore } from '@tongbao/event-store';
import type { SqlClient } from '@tongbao/read-model';
import {
  checkSignatures,
  emptyRoot,
  historyOf,
  LogRefused,
  parseCheckpoint,
  parseNote,
  signCheckpoint,
  type Checkpoint,
  type LogHistory,
} from '@tongbao/transparency-log';
import { journalStream } from './journal.fold.js';
import { LogAlarmed, type LogAlarms } from './log.alarms.js';
import { decideCheckpoint } from './log.decide.js';
import { LogQueries, type GrownTree } from './log.queries.js';
import type { LogSettings } from './log.settings.js';
import type { LogEnd, LogStream } from './log.stream.js';

export interface LogPublisherParts {
  store: EventStore;
  stream: LogStream;
  sql: SqlClient;
  /** The projection `log`. */
  projection: { reached(position: bigint, timeoutMs: number): Promise<boolean> };
  settings: LogSettings;
  alarms: LogAlarms;
  now: () => Date;
}

/** A checkpoint that the log may say of itself, with what its event says of it besides. */
type Signed = Checkpoint & Pick<CheckpointSigned, 'journalRevision'> & { isOfThisKey: boolean };

/** Before a test's fault point a process signs; between this one and the next it has signed, and nobody knows. */
const signPoint = 'sign-main';

/**
 * Signs what the tree has become since it was signed last, after it was shown by the tiles that it continues that. What counts as signed is only what the
 * log's stream has, and it is added there at the revision that was decided on: of two processes that sign at the same time, one has signed in vain.
 */
export class LogPublisher {
  #hasLookedAtJournal = false;

  constructor(private readonly parts: LogPublisherParts) {}

  /**
   * One look, and a signature where there is something new.
   * @param position the projection must have come to
   * @returns the journal event up to which everything is signed
   * @throws Outage; LogAlarmed: nothing may be signed
   */
  async publish(position: bigint): Promise<number> {
    const { projection, alarms, stream } = this.parts;
    if (!(await projection.reached(position, 5_000))) throw new Outage('the projection of the transparency log is behind');
    const told = alarms.ofWitnesses;
    if (told) throw told;
    let covered = -1;
    try {
      await stream.extend(async (end) => {
        const { event, revision } = await this.#decide(end);
        covered = revision;
        return event;
      });
    } catch (error) {
      if (error instanceof LogAlarmed) alarms.raise('tree', error);
      throw error;
    }
    return covered;
  }

  async #decide(end: LogEnd): Promise<{ event: CheckpointSigned | undefined; revision: number }> {
    const { sql, alarms, settings } = this.parts;
    const signed = end.signed && this.#signedOf(end.signed);
    const { tree, history } = await sql.transaction((tx) => this.#look(new LogQueries(tx), signed));
    const isBehind = signed && (tree?.journalRevision ?? -1) < signed.journalRevision;
    const journalRevision = isBehind || !this.#hasLookedAtJournal ? await this.#journalRevision() : undefined;
    const view = {
      origin: settings.log.origin,
      ...(signed && { signed: { ...signed, rootHash: toBase64(signed.root) } }),
      ...{ tree, journalRevision, history },
    };
    const verdict = decideCheckpoint(view);
    if (verdict.verdict === 'alarm') throw new LogAlarmed(verdict.alarm, verdict.detail);
    alarms.clear('tree');
    this.#hasLookedAtJournal = true;
    if (verdict.verdict === 'behind') throw new Outage('the projection of the transparency log has not come to what was signed last');
    return { event: verdict.verdict === 'sign' && tree ? this.#sign(tree) : undefined, revision: tree?.journalRevision ?? -1 };
  }

  /** The tree, and what became of it, from one state of the tables. */
  async #look(queries: LogQueries, signed: Signed | undefined): Promise<{ tree?: GrownTree; history?: LogHistory }> {
    const tree = await queries.tree();
    if (!tree || tree.size <= (signed?.size ?? 0)) return { ...(tree && { tree }) };
    const { origin } = this.parts.settings.log;
    const older = signed?.origin === origin ? signed : { origin, size: 0, root: emptyRoot };
    const newer = { origin, size: tree.size, root: Buffer.from(tree.rootHash, 'base64') };
    try {
      return { tree, history: await historyOf(older, newer, queries.tiles) };
    } catch (error) {
      if (error instanceof LogRefused && (error.code === 'tile_missing' || error.code === 'tile_length'))
        return { tree, history: 'tiles_damaged' };
      throw error;
    }
  }

  #sign({ size, rootHash, grownRevision, sourcePosition }: GrownTree): CheckpointSigned {
    const { settings, now } = this.parts;
    faultPoint('before', signPoint);
    const checkpoint = signCheckpoint({ origin: settings.log.origin, size, root: Buffer.from(rootHash, 'base64') }, settings.signer);
    faultPoint('after', signPoint);
    return {
      type: 'CheckpointSigned',
      ...{ size, rootHash, journalRevision: grownRevision, sourcePosition, checkpoint },
      witnessesNeeded: settings.policy.quorum,
      signedAt: now().toISOString(),
    };
  }

  #signedOf({ checkpoint, journalRevision, size, rootHash }: CheckpointSigned): Signed {
    const note = parseNote(checkpoint);
    const said = parseCheckpoint(note.text);
    if (said.size !== size || toBase64(said.root) !== rootHash)
      throw new LogAlarmed('forked', `the event of the checkpoint of ${size} entries says something else than what was signed`);
    const isOfThisKey = checkSignatures(note, [this.parts.settings.log.key]).verified.length > 0;
    return { ...said, journalRevision, isOfThisKey };
  }

  async #journalRevision(): Promise<number | null> {
    return (await this.parts.store.readLast(journalStream()))?.revision ?? null;
  }
}

const toBase64 = (bytes: Uint8Array): string => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64');
