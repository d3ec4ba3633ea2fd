import { Checkpoint, WrongRevision, type EventStore } from '@tongbao/event-store';
import { Saver } from './saver.js';

export interface RelayCheckpointOptions {
  store: EventStore;
  service: string;
  /** Unique to one relay. */
  writer: string;
  /** At most so often the checkpoint is moved: what was published since is published again after a crash. */
  everyMs: number;
  onOutage: (error: unknown) => void;
}

/** How soon a relay that has nothing to publish learns that it is no longer the one. */
const lookEveryMs = 1_000;

export const checkpointName = (service: string): string => `relay_${service}`;

/** A relay's checkpoint, which follows what it has published at a distance. */
export class RelayCheckpoint {
  /** Resolves when somebody else has moved it: this relay is no longer the one. */
  readonly fenced: Promise<WrongRevision>;
  readonly #fenced = Promise.withResolvers<WrongRevision>();
  readonly #saver: Saver;
  #reached: bigint;
  /** Of a move of unknown outcome: it must be made again before another one. */
  #doubtful: bigint | undefined;
  #isFenced = false;
  #isClosing = false;
  readonly #looking: NodeJS.Timeout;

  private constructor(
    private readonly options: RelayCheckpointOptions,
    private readonly checkpoint: Checkpoint,
  ) {
    this.fenced = this.#fenced.promise;
    this.#reached = checkpoint.position;
    this.#saver = new Saver({ everyMessages: Infinity, everyMs: options.everyMs }, () => this.#save());
    this.#looking = setInterval(() => this.#saver.moved(0), lookEveryMs).unref();
  }

  /** Takes it from any other relay of the service, whose next move fails. */
  static async claim(options: RelayCheckpointOptions): Promise<RelayCheckpoint> {
    return new RelayCheckpoint(options, await Checkpoint.claim(options.store, checkpointName(options.service), options.writer));
  }

  /** Where the next relay would begin. */
  get saved(): bigint {
    return this.checkpoint.position;
  }

  /** Why it could not be moved the last time. */
  get error(): unknown {
    return this.#saver.error;
  }

  /** Everything up to here has been published. */
  reach(position: bigint): void {
    this.#reached = position;
    this.#saver.moved(1);
  }

  /** Saves what has been reached, if the store can be reached; moves no more. */
  close(): Promise<void> {
    clearInterval(this.#looking);
    this.#isClosing = true;
    return this.#saver.close();
  }

  async #save(): Promise<void> {
    if (this.#isFenced) return;
    try {
      if (this.#doubtful !== undefined) await this.#moveTo(this.#doubtful);
      if (this.#reached !== this.saved) await this.#moveTo(this.#reached);
      else if (!this.#isClosing) await this.checkpoint.verify();
    } catch (error) {
      if (!(error instanceof WrongRevision)) {
        this.options.onOutage(error);
        throw error;
      }
      this.#isFenced = true;
      this.#fenced.resolve(error);
    }
  }

  async #moveTo(position: bigint): Promise<void> {
    this.#doubtful = position;
    await this.checkpoint.move(position);
    this.#doubtful = undefined;
  }
}
