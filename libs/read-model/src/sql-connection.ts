import type { SqlFailure } from './sql-failure.js';

export interface Answer {
  fields: string[];
  rows: unknown[][];
}

export type Reply = { answer: Answer } | { failure: SqlFailure };

/** One connection to a database: what is asked is done in the order of asking. */
export interface SqlConnection {
  ask(sql: string, parameters: readonly unknown[]): Promise<Answer>;
  close(): Promise<void>;
}

/** Main thread to worker. */
export type WorkerRequest = { id: number; sql: string; parameters: readonly unknown[] } | { id: number; close: true };

/** Worker to main thread. */
export type WorkerMessage = { ready: true; movedAside?: string } | { fatal: string } | { id: number; reply: Reply };
