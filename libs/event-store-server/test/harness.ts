import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { credentials, Metadata, type ServiceError } from '@grpc/grpc-js';
import {
  EventStoreDBClient,
  jsonEvent,
  type AllStreamSubscription,
  type EventData,
  type ResolvedEvent,
  type StreamSubscription,
} from '@eventstore/db-client';
import streamsService from '@eventstore/db-client/generated/streams_grpc_pb.js';
import { startEventStoreServer, type EventStoreServer, type EventStoreServerOptions } from '../src/server.js';

/** A server in this process, the official client, and the client's generated stubs for what the client itself would never send. */
export interface Harness {
  server: EventStoreServer;
  client: EventStoreDBClient;
  raw: InstanceType<typeof streamsService.StreamsClient>;
  stop: () => Promise<void>;
}

export async function startHarness(options: Partial<EventStoreServerOptions> = {}): Promise<Harness> {
  const server = await startEventStoreServer({ dataDir: ':memory:', ...options });
  const client = EventStoreDBClient.connectionString(server.connectionString);
  const raw = new streamsService.StreamsClient(`127.0.0.1:${server.port}`, credentials.createInsecure());
  const stop = async () => {
    raw.close();
    await client.dispose();
    await server.close();
  };
  return { server, client, raw, stop };
}

/** A folder that is removed by what it returns. */
export async function temporaryFolder(): Promise<{ path: string; remove: () => Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), 'event-store-'));
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
}

export const event = (type = 'Happened', data: object = {}): EventData => jsonEvent({ id: randomUUID(), type, data: { ...data } });

export const events = (count: number, type = 'Happened'): EventData[] => Array.from({ length: count }, (_, n) => event(type, { n }));

/** Credentials make the client use Append instead of BatchAppend; without TLS they are not sent. */
export const classic = { credentials: { username: 'any', password: 'one' } };

export const collect = async (read: AsyncIterable<ResolvedEvent>): Promise<ResolvedEvent[]> => {
  const found: ResolvedEvent[] = [];
  for await (const item of read) found.push(item);
  return found;
};

export const revisionsOf = (found: ResolvedEvent[]): number[] => found.map(({ event: recorded }) => Number(recorded?.revision));

export const namesOf = (found: ResolvedEvent[]): string[] =>
  found.map(({ event: recorded }) => `${recorded?.streamId ?? '?'}@${Number(recorded?.revision)}`);

export const idsOf = (found: ResolvedEvent[]): (string | undefined)[] => found.map(({ event: recorded }) => recorded?.id);

export type Seen = 'confirmation' | 'caughtUp' | 'fellBehind' | { event: ResolvedEvent } | { checkpoint: number } | { error: Error };

type Subscription = StreamSubscription | AllStreamSubscription;

/** Everything a subscription says, in order. */
export class Recorder {
  readonly seen: Seen[] = [];
  readonly #subscription: Subscription;
  #wake: () => void = () => undefined;

  constructor(subscription: Subscription) {
    this.#subscription = subscription;
    const add = (item: Seen) => {
      this.seen.push(item);
      this.#wake();
    };
    for (const name of ['confirmation', 'caughtUp', 'fellBehind'] as const) subscription.on(name as 'confirmation', () => add(name));
    subscription.on('data', (item: ResolvedEvent) => add({ event: item }));
    subscription.on('error', (error) => add({ error }));
    this.checkpointReached = (position: number) => add({ checkpoint: position });
  }

  readonly checkpointReached: (position: number) => void;

  /** Resolves when what has been seen satisfies the condition. */
  async until(condition: (recorder: this) => boolean): Promise<this> {
    while (!condition(this)) await new Promise<void>((resolve) => (this.#wake = resolve));
    return this;
  }

  get events(): ResolvedEvent[] {
    return this.seen.flatMap((item) => (typeof item === 'object' && 'event' in item ? [item.event] : []));
  }

  get error(): Error | undefined {
    return this.seen.flatMap((item) => (typeof item === 'object' && 'error' in item ? [item.error] : []))[0];
  }

  count(what: 'confirmation' | 'caughtUp' | 'fellBehind'): number {
    return this.seen.filter((item) => item === what).length;
  }

  /** Stops taking messages until what it returns is told to resume. */
  pause(): { resume(): unknown } {
    this.#subscription.pause();
    return this.#subscription;
  }

  stop(): Promise<void> {
    return this.#subscription.unsubscribe();
  }
}

/** The failure of a promise; fails the test when it succeeds. */
export const failureOf = async <E extends Error = Error>(promise: Promise<unknown>): Promise<E> => {
  try {
    await promise;
  } catch (error) {
    return error as E;
  }
  throw new Error('This should have failed.');
};

/** The status that ends a call. */
export const statusOf = async (call: NodeJS.EventEmitter): Promise<ServiceError> => {
  const [error] = (await once(call, 'error')) as [ServiceError];
  return error;
};

export const noMetadata = (): Metadata => new Metadata();
