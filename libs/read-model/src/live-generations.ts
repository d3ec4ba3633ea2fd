import { Generation, shapeDigestOf, type GenerationOptions } from './generation.js';
import { openGenerations } from './open-generations.js';
import type { Projection } from './projection.js';
import { changingGenerations, registered, type Registered } from './registry.js';
import type { SqlClient } from './sql-client.js';
import { switchingViews } from './view-switch.js';

/** Which generation of a projection events are folded into, and which one queries read: another one only while a new version is built. */
export class LiveGenerations {
  /** Was to be shown, and whether it is is not known. */
  #switching: Generation | undefined;

  private constructor(
    private readonly client: SqlClient,
    private readonly projection: Projection,
    private readonly epoch: number,
    public active: Generation,
    /** The position is where an older version stands still. */
    public shown: { number: number; version: number; position: bigint },
    /** A build that an earlier run has left. */
    readonly stopped: Registered | undefined,
    private readonly options: GenerationOptions,
  ) {}

  static async open(client: SqlClient, projection: Projection, options: GenerationOptions): Promise<LiveGenerations> {
    const { epoch = 0 } = options;
    const { active, shown, stopped } = await openGenerations(client, projection, epoch);
    const generation = new Generation(client, projection, active.generation, active.position, options);
    const { version, position } = shown;
    return new LiveGenerations(client, projection, epoch, generation, { number: shown.generation, version, position }, stopped, options);
  }

  get isCurrentShown(): boolean {
    return this.shown.number === this.active.number;
  }

  /** Queries read everything up to here. */
  get readable(): bigint {
    return this.isCurrentShown ? this.active.position : this.shown.position;
  }

  /** From now on queries read a generation, and events are folded into it; the one that they have read goes. */
  async show(generation: Generation): Promise<void> {
    const before = this.shown.number;
    this.#switching = generation;
    await switchingViews(this.client, { projection: this.projection.name, epoch: this.epoch }, before, async (tx) => {
      await Generation.show(tx, this.projection, generation.number, before);
      await Generation.drop(tx, this.projection, before);
    });
    this.#adopt(generation);
  }

  /** Gives up what has been built of the present version while another one is shown, and begins it again. */
  async startOver(): Promise<void> {
    const { version } = this.projection;
    const { epoch } = this;
    const before = this.active.number;
    const number = await changingGenerations(this.client, { projection: this.projection.name, epoch }, async (tx) => {
      const generation = ((await registered(tx, this.projection.name)).at(-1)?.generation ?? 0) + 1;
      await Generation.drop(tx, this.projection, before);
      const entry = { generation, version, shape: shapeDigestOf(this.projection), position: 0n, live: false, epoch, build: null };
      await Generation.create(tx, this.projection, entry);
      return generation;
    });
    this.active = new Generation(this.client, this.projection, number, 0n, this.options);
  }

  /** To be called before anything else is done: the answer to the last `show` may never have come. */
  async resolve(): Promise<void> {
    const generation = this.#switching;
    if (!generation) return;
    const live = (await registered(this.client, this.projection.name)).find((entry) => entry.live);
    if (live?.generation === generation.number) this.#adopt(generation);
    else this.#switching = undefined;
  }

  #adopt(generation: Generation): void {
    this.#switching = undefined;
    this.shown = { number: generation.number, version: this.projection.version, position: generation.position };
    this.active = generation;
  }
}
