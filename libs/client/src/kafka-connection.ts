import { createRequire } from 'node:module';
import kafkajs from 'kafkajs';
import type { Kafka } from 'kafkajs';

/** How the hub's brokers are reached. */
export interface KafkaConnection {
  /** `host:port` each. */
  brokers: readonly string[];
  /** SASL/SCRAM-SHA-512; no authentication when not given. */
  username?: string;
  password?: string;
  tls?: boolean;
  /** What the connection has to say, warnings and errors. */
  onLog?: (line: { level: 'error' | 'warn'; message: string; details: Readonly<Record<string, unknown>> }) => void;
}

export function connectKafka({ brokers, username, password, tls, onLog }: KafkaConnection, clientId: string): Kafka {
  mendRequestQueue();
  return new kafkajs.Kafka({
    brokers: [...brokers],
    clientId,
    ssl: tls ?? false,
    ...(username && { sasl: { mechanism: 'scram-sha-512', username, password: password ?? '' } }),
    connectionTimeout: 3_000,
    requestTimeout: 15_000,
    // Said in full: with NODE_ENV=test the client has other defaults.
    retry: { initialRetryTime: 100, maxRetryTime: 2_000, factor: 0.2, multiplier: 1.5, retries: 20 },
    logLevel: kafkajs.logLevel.WARN,
    logCreator:
      () =>
      ({ level, log }) =>
        onLog?.({ level: level === kafkajs.logLevel.ERROR ? 'error' : 'warn', message: log.message, details: { ...log } }),
  });
}

/** The part of kafkajs' request queue (src/network/requestQueue/index.js) that is mended. */
interface RequestQueue {
  throttleCheckTimeoutId: NodeJS.Timeout | null;
  throttledUntil: number;
  pending: unknown[];
  checkPendingRequests(): void;
  scheduleCheckPendingRequests(): void;
}

/** kafkajs 2.2.4 arms a timer with a negative delay for ever, once for each connection: needed is one only while requests wait. */
function mendRequestQueue(): void {
  // The module has no types; its name and shape are those of the one version that the lock file names.
  const { prototype } = createRequire(import.meta.url)('kafkajs/src/network/requestQueue/index.js') as { prototype: RequestQueue };
  prototype.scheduleCheckPendingRequests = function (this: RequestQueue) {
    if (this.throttleCheckTimeoutId || this.pending.length === 0) return;
    const waitMs = Math.max(10, this.throttledUntil - Date.now());
    this.throttleCheckTimeoutId = setTimeout(() => {
      this.throttleCheckTimeoutId = null;
      this.checkPendingRequests();
    }, waitMs);
  };
}
