import { randomUUID } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { handleServerStreamingCall } from '@grpc/grpc-js';
import type { EventStore } from './event-store.js';
import type { RecordedEvent } from './events.js';
import { Outlet } from './outlet.js';
import type { streams } from './protocol.js';
import { encodeConfirmation, encodeStreamNotFound } from './read-response.js';
import { parseReadRequest, type ReadRequest } from './read-request.js';
import { streamDeleted, unavailable } from './rpc-errors.js';
import type { RpcHost } from './rpc-host.js';
import { subscribeToAll, subscribeToStream } from './subscription.js';

/** Streams.Read: pages of a stream or of $all, and subscriptions to them. */
export function readHandler(host: RpcHost): handleServerStreamingCall<streams.ReadReq, Buffer> {
  return (call) => {
    const outlet = new Outlet(call);
    const unregister = host.calls.open((reason) => outlet.fail(unavailable(reason)));
    outlet.onClose(unregister);
    serve(host, outlet, call.request).catch((error: unknown) => outlet.fail(error));
  };
}

async function serve({ store, calls }: RpcHost, outlet: Outlet, message: streams.ReadReq): Promise<void> {
  if (calls.refusal !== undefined) throw unavailable(calls.refusal);
  const request = parseReadRequest(message);
  if (request.isSubscription) {
    outlet.onClose(calls.countSubscription());
    await outlet.send(encodeConfirmation(randomUUID()));
    await (request.stream === undefined
      ? subscribeToAll(store, outlet, request)
      : subscribeToStream(store, outlet, request, request.stream));
    return;
  }
  await (request.stream === undefined ? readAll(store, outlet, request) : readStream(store, outlet, request, request.stream));
  outlet.end();
}

/** Reads inclusively forwards; backwards, a position means the place before its event, as in EventStoreDB, so it is not among them. */
async function readAll(store: EventStore, outlet: Outlet, request: ReadRequest): Promise<void> {
  const filter = request.filter && store.filter(request.filter);
  // What is appended while the read goes on is not part of it; else a read of a busy store might never end.
  const end = store.lastPosition;
  let left = request.count;
  if (request.isBackward) {
    let before = request.from === 'start' ? 0 : request.from === 'end' ? end + 1 : Math.min(request.from, end + 1);
    while (before > 1 && left > 0 && !outlet.isClosed()) {
      const page = store.all.backward(before, filter, left);
      left -= await sendEvents(store, outlet, page.events.slice(0, left), request.resolveLinks);
      before = page.considered;
      await nextTurn();
    }
    return;
  }
  let from = request.from === 'start' ? 1 : request.from === 'end' ? end + 1 : Math.max(1, request.from);
  while (from <= end && left > 0 && !outlet.isClosed()) {
    const page = store.all.forward(from, filter, left);
    const events = page.events.filter(({ position }) => position <= end).slice(0, left);
    left -= await sendEvents(store, outlet, events, request.resolveLinks);
    from = page.considered + 1;
    await nextTurn();
  }
}

async function readStream(store: EventStore, outlet: Outlet, request: ReadRequest, name: string): Promise<void> {
  const condition = store.streams.conditionOf(name);
  if (condition === 'tombstoned') throw streamDeleted(name);
  if (condition === 'missing') {
    await outlet.send(encodeStreamNotFound(name));
    return;
  }
  const last = store.streams.lastRevisionOf(name);
  let left = request.count;
  let next = firstRevision(request, last);
  for (let ended = next > last; !ended && left > 0 && !outlet.isClosed();) {
    const page = request.isBackward ? store.streams.backward(name, next, left) : store.streams.forward(name, next, left);
    const events = page.events.filter(({ revision }) => revision <= last);
    left -= await sendEvents(store, outlet, events, request.resolveLinks);
    next = page.next;
    ended = page.ended || next > last;
    if (!ended) await nextTurn();
  }
}

function firstRevision({ from, isBackward }: ReadRequest, last: number): number {
  if (from === 'start') return 0;
  if (from === 'end') return isBackward ? last : last + 1;
  return isBackward ? Math.min(from, last) : from;
}

async function sendEvents(store: EventStore, outlet: Outlet, events: readonly RecordedEvent[], resolveLinks: boolean): Promise<number> {
  for (const event of events) {
    if (outlet.isClosed()) break;
    const pause = outlet.send(store.wireOf(event, resolveLinks));
    if (pause) await pause;
  }
  return events.length;
}
