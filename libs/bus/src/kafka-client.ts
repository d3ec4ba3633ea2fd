import { createRequire } from 'node:module';
import kafkajs from 'kafkajs';
import type { Kafka, LogEntry } from 'kafkajs';

/** How the brokers are reached. */
export interface KafkaConnection {
  /** `host:port` each. */
  brokers: readonly string[];
  /** Names this process in the brokers' logs and quotas. */
  clientId: string;
  /** SASL/SCRAM-SHA-512; not given, or empty: no authentication. */
  username?: string;
  password?: string;
  tls?: boolean;
  /** How often the client tries by itself before it says that something is down; 20, which is about half a minute, when not given. */
  retries?: number;
  /** What the client has to say, warnings and errors; without it nothing is written anywhere. */
  onLog?: (line: KafkaLogLine) => void;
}

export interface KafkaLogLine {
  level: 'error' | 'warn';
  /** Such as `kafkajs.Connection`. */
  origin: string;
  message: string;
  details: Readonly<Record<string, unknown>>;
}

/** The one place where a client of Apache Kafka is made. */
export function createKafka({ brokers, clientId, username, password, tls, retries = 20, onLog }: KafkaConnection): Kafka {
  patchRequestQueue();
  return new kafkajs.Kafka({
    brokers: [...brokers],
    clientId,
    ssl: tls ?? false,
    ...(username && { sasl: { mechanism: 'scram-sha-512', username, password: password ?? '' } }),
    connectionTimeout: 3_000,
    authenticationTimeout: 10_000,
    requestTimeout: 15_000,
    // Said in full: with NODE_ENV=test the client has other defaults.
    retry: { initialRetryTime: 100, maxRetryTime: 2_000, factor: 0.2, multiplier: 1.5, retries },
    logLevel: kafkajs.logLevel.WARN,
    logCreator: () => (entry) => onLog?.(logLine(entry)),
  });
}

function logLine({ namespace, level, log }: LogEntry): KafkaLogLine {
  const { message, ...details } = log;
  return { level: level === kafkajs.logLevel.ERROR ? 'error' : 'warn', origin: `kafkajs.${namespace}`, message, details };
}

/** The part of kafkajs' request queue (src/network/requestQueue/index.js) that is mended. */
interface RequestQueue {
  throttleCheckTimeoutId: NodeJS.Timeout | null;
  throttledUntil: number;
  pending: unknown[];
  checkPendingRequests(): void;
  scheduleCheckPendingRequests(): void;
}

/**
 * kafkajs 2.2.4 arms a timer with a negative delay again and again, for ever, once for each connection: a TimeoutNegativeWarning and about
 * 1,000 wake-ups a second. The timer is needed only while requests wait.
 */
function patchRequestQueue(): void {
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
