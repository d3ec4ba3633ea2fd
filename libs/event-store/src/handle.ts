import { WrongRevision } from './errors.js';
import type { AppendContext, DomainEvent, StoredEvent } from './event.js';
import type { EventStore, Expected } from './event-store.js';

/** How a stream's events become its state. Pure. */
export interface Fold<S, E extends DomainEvent> {
  initial: S;
  evolve: (state: S, event: E) => S;
}

export interface Loaded<S> {
  state: S;
  /** `undefined`: there is no such stream. */
  revision: number | undefined;
  /** The trace that its newest event with one belongs to: whoever goes on with it unasked (a timer, a callback) goes on in that. */
  traceparent?: string;
}

/** What a decider answers: events to append (none: nothing to do, the state already is as asked), or a refusal. */
export type Decision<E extends DomainEvent, R> = { events: readonly E[] } | { refused: R };

export type Handled<S, E extends DomainEvent, R> =
  | { outcome: 'accepted'; events: readonly E[]; state: S; revision: number | undefined; position: bigint | undefined }
  | { outcome: 'refused'; refusal: R; state: S; revision: number | undefined };

/**
 * The state of a stream and the revision it was read at.
 * @param known what was read of it before: only what has come since is read
 */
export async function load<S, E extends DomainEvent>(
  store: EventStore,
  stream: string,
  fold: Fold<S, E>,
  known: Loaded<S> = { state: fold.initial, revision: undefined },
): Promise<Loaded<S>> {
  const events: StoredEvent<E>[] = await store.read<E>(stream, known.revision === undefined ? {} : { from: known.revision + 1 });
  const traceparent = events.findLast(({ metadata }) => metadata.traceparent !== undefined)?.metadata.traceparent ?? known.traceparent;
  return {
    state: events.reduce((state, { event }) => fold.evolve(state, event), known.state),
    revision: events.at(-1)?.revision ?? known.revision,
    ...(traceparent !== undefined && { traceparent }),
  };
}

const maxConflicts = 20;

/**
 * Loads, decides, appends at the revision that was decided on; after a conflict loads and decides again.
 * @param known what the caller believes the stream to be (a new stream, or what it has just written): saves the read when it is right
 */
export async function handle<S, E extends DomainEvent, R>(
  store: EventStore,
  stream: string,
  fold: Fold<S, E>,
  decide: (state: S) => Decision<E, R>,
  context: AppendContext,
  known?: Loaded<S>,
): Promise<Handled<S, E, R>> {
  let loaded = known ?? (await load(store, stream, fold));
  for (let conflicts = 0; ; conflicts += 1) {
    const { state, revision } = loaded;
    const decision = decide(state);
    if ('refused' in decision) return { outcome: 'refused', refusal: decision.refused, state, revision };
    const { events } = decision;
    if (events.length === 0) return { outcome: 'accepted', events, state, revision, position: undefined };
    try {
      const expected: Expected = revision ?? 'no_stream';
      const appended = await store.append(stream, expected, events, context);
      return { outcome: 'accepted', events, state: events.reduce(fold.evolve, state), ...appended };
    } catch (error) {
      if (!(error instanceof WrongRevision) || conflicts >= maxConflicts) throw error;
      loaded = await load(store, stream, fold);
    }
  }
}
