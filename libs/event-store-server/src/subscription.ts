import { setImmediate as nextTurn } from 'node:timers/promises';
import { Checkpoints } from './checkpoints.js';
import type { EventStore } from './event-store.js';
import { STREAM_DELETED_TYPE, type RecordedEvent } from './events.js';
import type { Outlet } from './outlet.js';
import { encodeCaughtUp, encodeCheckpoint, encodeFellBehind } from './read-response.js';
import type { ReadFrom, ReadRequest } from './read-request.js';
import { streamDeleted } from './rpc-errors.js';

/** Sends all events of $all after a position, those that exist and those to come, until the client leaves. @throws DamagedEventError */
export async function subscribeToAll(store: EventStore, outlet: Outlet, request: ReadRequest): Promise<void> {
  const filter = request.filter && store.filter(request.filter);
  const waiter = new Waiter(store, outlet, undefined);
  const liveness = new Liveness(outlet);
  // A subscription begins after the position it is given.
  let position = startOf(request.from, store.lastPosition, 0);
  const checkpoints = new Checkpoints(position, request.checkpointInterval);
  const tell = async (considered: number) => {
    const due = checkpoints.due(considered);
    if (due !== undefined) await outlet.send(encodeCheckpoint(due));
  };
  while (!outlet.isClosed()) {
    const page = store.all.forward(position + 1, filter);
    if (page.considered <= position) {
      await liveness.caughtUp();
      await waiter.wait();
      continue;
    }
    if (!page.fromMemory) await liveness.behind();
    for (const event of page.events) {
      if (outlet.isClosed()) return;
      if (filter) await tell(event.position - 1);
      const pause = outlet.send(store.wireOf(event, request.resolveLinks));
      if (pause) await pause;
      if (filter) await tell(event.position);
    }
    if (filter) await tell(page.considered);
    position = page.considered;
    // A filter that finds nothing sends nothing, so only this keeps a long scan from holding the event loop.
    if (!page.fromMemory) await nextTurn();
  }
}

/**
 * Sends all events of a stream after a revision, those that exist and those to come. A stream that does not exist (yet) is waited for.
 * @throws DamagedEventError, and the stream-deleted failure once the stream has a tombstone
 */
export async function subscribeToStream(store: EventStore, outlet: Outlet, request: ReadRequest, name: string): Promise<void> {
  const waiter = new Waiter(store, outlet, name);
  const liveness = new Liveness(outlet);
  const send = (event: RecordedEvent) =>
    event.type === STREAM_DELETED_TYPE ? undefined : outlet.send(store.wireOf(event, request.resolveLinks));
  let next = startOf(request.from, store.streams.lastRevisionOf(name), -1) + 1;
  let seen: number | undefined;
  while (!outlet.isClosed()) {
    const isTombstoned = store.streams.conditionOf(name) === 'tombstoned';
    if (isTombstoned && !liveness.isLive) throw streamDeleted(name);
    const lastPosition = store.lastPosition;
    const recent = seen === undefined ? undefined : store.streams.recent(name, next, seen);
    const page = recent
      ? { events: recent, next: (recent.at(-1)?.revision ?? next - 1) + 1, ended: true }
      : store.streams.forward(name, next);
    if (!recent) await liveness.behind();
    for (const event of page.events) {
      if (outlet.isClosed()) return;
      const pause = send(event);
      if (pause) await pause;
    }
    if (isTombstoned) throw streamDeleted(name);
    next = page.next;
    if (page.ended) {
      // Everything of the stream up to here has been dealt with; from here on the memory of recent events is enough.
      seen = lastPosition;
      await liveness.caughtUp();
      await waiter.wait();
    } else await nextTurn();
  }
}

const startOf = (from: ReadFrom, end: number, beforeFirst: number): number =>
  from === 'start' ? beforeFirst : from === 'end' ? end : from;

/** Tells the client each time it becomes live, and when it stops being so. */
class Liveness {
  readonly #outlet: Outlet;
  #isLive = false;

  constructor(outlet: Outlet) {
    this.#outlet = outlet;
  }

  get isLive(): boolean {
    return this.#isLive;
  }

  async caughtUp(): Promise<void> {
    if (this.#isLive) return;
    this.#isLive = true;
    await this.#outlet.send(encodeCaughtUp());
  }

  async behind(): Promise<void> {
    if (!this.#isLive) return;
    this.#isLive = false;
    await this.#outlet.send(encodeFellBehind());
  }
}

/** Waits for commits. One that happens while nobody waits ends the next wait at once, so none is missed. */
class Waiter {
  readonly #outlet: Outlet;
  #isSignalled = false;
  #resume: (() => void) | undefined;

  constructor(store: EventStore, outlet: Outlet, stream: string | undefined) {
    this.#outlet = outlet;
    const wake = () => {
      this.#isSignalled = true;
      this.#resume?.();
    };
    const unlisten = store.signal.listen(stream, wake);
    outlet.onClose(unlisten);
    outlet.onClose(wake);
  }

  async wait(): Promise<void> {
    if (!this.#isSignalled && !this.#outlet.isClosed()) await new Promise<void>((resolve) => (this.#resume = resolve));
    this.#isSignalled = false;
    this.#resume = undefined;
  }
}
