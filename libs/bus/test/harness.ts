import { topics } from '@tongbao/contracts';
import type { BusRecord, BusServer, DeadLetterOps, GroupStatus, Message, RawMessage } from '../src/index.js';

/** Topics that every harness serves. */
export const newsTopic = topics.paymentEvents;
export const commandTopic = topics.ledgerCommands;
/** Written by outsiders. */
export const outsideTopic = topics.paymentCommands;

export type TestHandler = (message: Message<{ n: number }>) => unknown;

export interface GroupSetup {
  group: string;
  handlers: Record<string, Record<string, TestHandler>>;
  topics?: string[];
}

export interface ProcessSetup {
  groups: GroupSetup[];
  /** When offsets are saved; at a stop in any case. */
  save?: 'each' | 'soon' | 'at-stop';
  /** Deliveries that may wait in a partition. */
  maxOpen?: number;
  /** What is wrong with the data of a message. */
  check?: (topic: string, type: string, data: unknown) => string | undefined;
  /** The process dies at its n-th write, before or after it takes effect. */
  dieAt?: { write: number; after: boolean };
}

/** A process that hosts consumer groups. */
export interface TestProcess {
  server(group: string): BusServer;
  deadLetters(group: string): DeadLetterOps;
  status(group: string): GroupStatus;
  /** Gracefully. */
  stop(): Promise<void>;
  /** As by kill -9: nothing it does from now on has an effect. */
  crash(): void;
  readonly dead: boolean;
}

/** A bus with nothing on it. */
export interface World {
  /** Publishes `{ n }` on the news topic. */
  emit(key: string, type: string, n: number): Promise<void>;
  send(topic: string, key: string, type: string, n: number): Promise<void>;
  sendRaw(message: RawMessage): Promise<void>;
  /** Resolves when every group runs; rejects when the boot is refused. */
  start(setup: ProcessSetup): Promise<TestProcess>;
  close(): Promise<void>;
}

export interface BusHarness {
  open(): Promise<World>;
}

/** The `n` of a dead letter: brokers keep its text, the event store what that was parsed to. */
export function numberIn({ payload }: BusRecord): number {
  const data: unknown = typeof payload === 'string' ? JSON.parse(payload) : payload;
  return (data as { n: number }).n;
}

/** Waits for a condition, however long a busy machine takes; the test's own timeout ends it. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 2));
}

export interface Gate {
  opened: Promise<unknown>;
  open: () => void;
}

export function gate(): Gate {
  const { promise, resolve } = Promise.withResolvers<undefined>();
  return { opened: promise, open: () => resolve(undefined) };
}
