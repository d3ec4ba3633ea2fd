/** What is known of a partition before anything of it is delivered. Offsets are those of the next message. */
export interface PartitionStanding {
  /** Undefined when the group has saved none. */
  saved: number | undefined;
  low: number;
  high: number;
}

/** How far a member has come in one partition. A lane settles in order, so what is open is a queue. */
export class KafkaPartition {
  /** Deliveries wait for it that are as many as may be: nothing more is fetched. */
  isFull = false;
  /** Offset of the next message that the group would be given after a restart. */
  saved = 0;
  high = 0;
  /** Offset after the last message read; undefined when none was. */
  #read: number | undefined;
  #offsets: number[] = [];
  #timestamps: string[] = [];
  #first = 0;

  constructor(
    readonly topic: string,
    readonly partition: number,
  ) {}

  get open(): number {
    return this.#offsets.length - this.#first;
  }

  /** Everything before this offset is dealt with. */
  get reached(): number {
    return this.#offsets[this.#first] ?? this.#read ?? this.saved;
  }

  get lag(): number {
    return Math.max(0, this.high - this.reached);
  }

  /** When the oldest open message was written, in milliseconds since 1970. */
  get oldest(): number | undefined {
    const timestamp = this.#timestamps[this.#first];
    return timestamp === undefined ? undefined : Number(timestamp);
  }

  /** Whether there is something to be saved. */
  get isDirty(): boolean {
    return this.#read !== undefined && this.reached !== this.saved;
  }

  stand({ saved, low, high }: PartitionStanding): void {
    // What was delivered meanwhile says more.
    if (this.#read === undefined) this.saved = Math.max(saved ?? 0, low);
    this.high = Math.max(this.high, high);
  }

  begin(offset: number, timestamp: string): void {
    this.#offsets.push(offset);
    this.#timestamps.push(timestamp);
  }

  /** Everything before this offset has been given, or needs not be. */
  readTo(offset: number): void {
    this.#read = offset;
  }

  /** The oldest open delivery is settled. */
  settle(): void {
    if (this.open === 0) throw new Error(`nothing is open in partition ${this.partition} of ${this.topic}`);
    this.#first += 1;
    if (this.open > 0 && this.#first < 1_000) return;
    this.#offsets = this.#offsets.slice(this.#first);
    this.#timestamps = this.#timestamps.slice(this.#first);
    this.#first = 0;
  }
}
