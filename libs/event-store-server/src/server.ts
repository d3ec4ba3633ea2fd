import { Server, ServerCredentials } from '@grpc/grpc-js';
import { appendHandler } from './append.rpc.js';
import { batchAppendHandler } from './batch-append.rpc.js';
import { deleteHandler, tombstoneHandler } from './delete.rpc.js';
import type { EventStoreFatalError } from './errors.js';
import { EventStore } from './event-store.js';
import { supportedMethodsHandler } from './features.rpc.js';
import { gossipHandler } from './gossip.rpc.js';
import type { EventStoreLimits } from './limits.js';
import { GossipService, ServerFeaturesService, StreamsService } from './protocol.js';
import { readHandler } from './read.rpc.js';
import { OpenCalls } from './rpc-host.js';
import type { VerifyProgress, VerifyReport } from './verify.js';

export interface EventStoreServerOptions {
  /** Folder of the data, created when missing; or `:memory:`. */
  readonly dataDir: string;
  /** Address to listen on; only this machine by default. There is no authentication. */
  readonly host?: string;
  /** Port to listen on; 0, the default, takes any that is free. */
  readonly port?: number;
  readonly limits?: Partial<EventStoreLimits>;
  /** Called once when a commit has failed (full disk, I/O error). Nothing is accepted from then on; the process should end. */
  readonly onFatal?: (error: Error) => void;
  /** Milliseconds since the epoch; the system's clock by default. */
  readonly clock?: () => number;
}

export interface EventStoreStats {
  /** Position of the newest event; also their number. */
  readonly lastPosition: number;
  /** Appends and deletes decided since the start. */
  readonly writes: number;
  /** Transactions they took. */
  readonly groups: number;
  /** Events read from disk since the start. */
  readonly rowsRead: number;
  /** Events held in memory. */
  readonly recentEvents: number;
  /** Subscriptions open now. */
  readonly subscriptions: number;
}

export interface EventStoreServer {
  readonly port: number;
  /** For EventStoreDBClient.connectionString. */
  readonly connectionString: string;
  /** Finishes queued appends, ends subscriptions, checkpoints the write-ahead log and gives up the folder. */
  close(): Promise<void>;
  stats(): EventStoreStats;
  /** Deep check of the running store; see verifyStore. */
  verifyAll(onProgress?: VerifyProgress): Promise<VerifyReport>;
}

const SHUTTING_DOWN = 'The event store is shutting down.';

/*
 * A batch of appends is one message. The client pings every ten seconds, which this server allows by not counting.
 * One subscription is one stream of a connection, so there may be many.
 */
const CHANNEL_OPTIONS = {
  'grpc.max_receive_message_length': 32 * 1024 * 1024,
  'grpc.max_send_message_length': -1,
  'grpc.max_concurrent_streams': 100_000,
};

/** The responses of Read come encoded already. */
const STREAMS = { ...StreamsService, read: { ...StreamsService.read, responseSerialize: (message: Buffer) => message } };

/**
 * Serves an event store over EventStoreDB's gRPC protocol: Streams, ServerFeatures.GetSupportedMethods and Gossip.Read, without TLS.
 * @throws EventStoreLockedError when the folder is open elsewhere; the error of the socket when the address cannot be bound
 */
export async function startEventStoreServer(options: EventStoreServerOptions): Promise<EventStoreServer> {
  const { dataDir, host = '127.0.0.1', port: wantedPort = 0, limits, clock, onFatal } = options;
  const calls = new OpenCalls();
  const stop = (error: EventStoreFatalError) => {
    calls.refuse(error.message);
    calls.endAll(error.message);
    onFatal?.(error);
  };
  const store = new EventStore({ dataDir, limits, clock, onFatal: stop });
  const server = new Server(CHANNEL_OPTIONS);
  let port = wantedPort;
  server.addService(STREAMS, {
    read: readHandler({ store, calls }),
    append: appendHandler({ store, calls }),
    batchAppend: batchAppendHandler({ store, calls }),
    delete: deleteHandler({ store, calls }),
    tombstone: tombstoneHandler({ store, calls }),
  });
  server.addService(ServerFeaturesService, { getSupportedMethods: supportedMethodsHandler() });
  server.addService(GossipService, { read: gossipHandler(() => ({ host: reachable(host), port })) });
  try {
    port = await bind(server, `${host}:${wantedPort}`);
  } catch (error) {
    store.close();
    throw error;
  }
  let closing: Promise<void> | undefined;
  return {
    port,
    connectionString: `esdb://${reachable(host)}:${port}?tls=false`,
    stats: () => ({ ...store.counters(), subscriptions: calls.subscriptions }),
    verifyAll: (onProgress) => store.verify(onProgress),
    close: () => (closing ??= shutDown(server, store, calls)),
  };
}

const bind = (server: Server, address: string): Promise<number> =>
  new Promise((resolve, reject) => {
    server.bindAsync(address, ServerCredentials.createInsecure(), (error, port) => (error ? reject(error) : resolve(port)));
  });

/** Answers what is queued, then tells the clients, then lets go of the folder; whoever does not take the message in time is cut off. */
async function shutDown(server: Server, store: EventStore, calls: OpenCalls): Promise<void> {
  calls.refuse(SHUTTING_DOWN);
  store.finishQueued();
  calls.endAll(SHUTTING_DOWN);
  await new Promise<void>((resolve) => {
    const timer = setTimeout(() => server.forceShutdown(), store.limits.closeTimeoutMs);
    server.tryShutdown(() => {
      clearTimeout(timer);
      resolve();
    });
  });
  store.close();
}

/** An address that listens on all interfaces is reached by this machine through the loopback. */
const reachable = (host: string): string => (host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host);
