import type { FeedBatch } from '@tongbao/event-store';
import type { Command, Outcome } from './commands.js';

/** The outcome of a command, once it is durable. */
export interface Answer extends Outcome {
  /** It had been given before. */
  replayed: boolean;
  /** Log position at which the journal holds it at the latest: for whoever wants to read it back. */
  position: bigint;
}

/** A command that waits to be decided, or for its outcome to be durable. */
export interface PendingCommand {
  readonly command: Command;
  /** Of the request or message that it came with. */
  readonly traceparent: string | undefined;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: unknown) => void;
}

export interface PendingFacts {
  readonly batch: FeedBatch;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** A command that has been decided. */
export interface Answered {
  readonly pending: PendingCommand;
  readonly outcome: Outcome;
  readonly replayed: boolean;
}

/** What has been decided together and is on its way into the journal. */
export interface Flight {
  readonly answers: readonly Answered[];
  /** All facts up to here are in it or before it. */
  readonly reached: bigint;
  /** Never rejects. `done` is what follows once it is durable. */
  readonly landed: Promise<{ readonly done: () => void } | { readonly error: unknown }>;
}

/** Commands that wait to be decided, in the order in which they are. */
export class CommandQueue {
  #commands: PendingCommand[] = [];
  #entries = 0;

  get length(): number {
    return this.#commands.length;
  }

  /** How many entries they ask for, roughly. */
  get entries(): number {
    return this.#entries;
  }

  push(pending: PendingCommand): void {
    this.#commands.push(pending);
    this.#entries += entriesOf(pending);
  }

  first(limit: number): PendingCommand[] {
    return this.#commands.slice(0, limit);
  }

  /** The first so many are decided. */
  drop(count: number): void {
    for (const pending of this.#commands.splice(0, count)) this.#entries -= entriesOf(pending);
  }

  remove(pending: PendingCommand): void {
    const index = this.#commands.indexOf(pending);
    if (index < 0) return;
    this.#commands.splice(index, 1);
    this.#entries -= entriesOf(pending);
  }

  /** They come first again. */
  putBack(pending: readonly PendingCommand[]): void {
    this.#commands = [...pending, ...this.#commands];
    for (const each of pending) this.#entries += entriesOf(each);
  }

  rejectAll(error: unknown): void {
    for (const { reject } of this.#commands) reject(error);
    this.#commands = [];
    this.#entries = 0;
  }
}

const entriesOf = ({ command }: PendingCommand): number => (command.command === 'Linked' ? command.commands.length : 1);
