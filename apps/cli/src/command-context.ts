import { EventStore } from '@tongbao/event-store';
import type { Command } from 'commander';
import type { ExitCode } from './exit-codes.js';
import { HubClient } from './hub-client.js';
import { show, type Io } from './io.js';
import { tokenOf, type Role } from './operators-file.js';

export interface GlobalOptions {
  url: string;
  data?: string;
  eventStore: string;
  json: boolean;
}

const unreachableAfterMs = 2_000;

/** What a command works with. Connections are opened when they are asked for and closed at its end. */
export class CommandContext {
  readonly #opened: { close(): Promise<void> }[] = [];

  constructor(
    readonly io: Io,
    readonly options: GlobalOptions,
  ) {}

  /** Data folder of the hub. */
  get dataDir(): string {
    return this.options.data ?? process.env['TONGBAO_DATA'] ?? './data';
  }

  /** The hub, as seen by an operator with a role; by nobody when no role is given. */
  hub(role?: Role): HubClient {
    const token = role && tokenOf(role, this.dataDir);
    return this.#keep(new HubClient(this.options.url, { ...(token !== undefined && { token }) }));
  }

  store(): EventStore {
    return this.#keep(EventStore.connect(this.options.eventStore, { retryForMs: unreachableAfterMs }));
  }

  /** JSON where it was asked for, text for people otherwise. */
  show(value: unknown, text: () => string): void {
    show(this.io, this.options.json, value, text);
  }

  async close(): Promise<void> {
    for (const each of this.#opened) await each.close();
  }

  #keep<T extends { close(): Promise<void> }>(opened: T): T {
    this.#opened.push(opened);
    return opened;
  }
}

/** Makes a commander action of a command's work: gives it a context, keeps its exit code. */
export type Runner = <Arguments extends unknown[]>(
  work: (context: CommandContext, ...given: Arguments) => Promise<ExitCode>,
) => (...given: [...Arguments, Command]) => Promise<void>;
