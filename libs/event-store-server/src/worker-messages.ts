import { messageOf } from './errors.js';
import type { EventStoreServerOptions, EventStoreStats } from './server.js';
import type { VerifyReport } from './verify.js';

/** What the worker is started with: options without functions, which cannot be handed to another thread. */
export type WorkerOptions = Omit<EventStoreServerOptions, 'onFatal' | 'clock'>;

/** An error on its way between threads; its class would not survive. */
export interface PlainError {
  readonly message: string;
  readonly code: string | undefined;
}

export type Question = 'stats' | 'verify' | 'close';

export interface ToWorker {
  readonly question: Question;
  readonly id: number;
}

export type FromWorker =
  | { readonly kind: 'ready'; readonly port: number; readonly connectionString: string }
  | { readonly kind: 'fatal'; readonly error: PlainError }
  | { readonly kind: 'answer'; readonly id: number; readonly value: Answer }
  | { readonly kind: 'failure'; readonly id: number | undefined; readonly error: PlainError };

export type Answer = EventStoreStats | VerifyReport | undefined;

export function plainErrorOf(error: unknown): PlainError {
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
  return { message: messageOf(error), code: typeof code === 'string' ? code : undefined };
}
