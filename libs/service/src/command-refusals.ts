import { createHash } from 'node:crypto';
import type { CommandRefused, ProblemCode } from '@tongbao/contracts';
import { problems } from '@tongbao/contracts';
import { WrongRevision, type EventStore, type LogFeed } from '@tongbao/event-store';
import canonicalize from 'canonicalize';
import { commandIdOf, requiredKey, type Principal } from './caller.js';
import { Problem } from './problem.js';

/** What failed for the moment is not refused: the same request may succeed when it is repeated. */
const momentary: readonly ProblemCode[] = ['overloaded', 'unavailable', 'internal'];

export interface Command {
  principal: Principal;
  /** The Idempotency-Key header. */
  key: string | undefined;
  operation: string;
  body: unknown;
  /** What comes before the key in the order of refusals: whether the caller may at all. */
  before?: () => void;
}

/**
 * Refusals of platforms' commands: each is stored in `command-<commandId>` before it is answered, and a repetition of the command gets the
 * same answer, whatever has changed meanwhile.
 */
export class CommandRefusals {
  readonly #refused = new Map<string, CommandRefused>();

  constructor(private readonly store: EventStore) {}

  start(feed: LogFeed): void {
    feed.consume({ name: 'command-refusals', categories: ['command'], after: 0n }, ({ events }) => {
      for (const { event } of events) if (isCommandRefused(event)) this.#refused.set(event.commandId, event);
      return Promise.resolve();
    });
  }

  /**
   * Runs a command, given its id; where it throws a Problem, stores the refusal before passing it on.
   * @throws Problem of the work, or of the first run of the same command; idempotency_key_reused for another body under the same key
   */
  async answer<T>(command: Command, work: (commandId: string) => Promise<T>): Promise<T> {
    const commandId = commandIdOf(command.principal, command.key ?? contentHashOf(command.body));
    const earlier = this.#refused.get(commandId);
    if (earlier) throw repeated(earlier, command);
    try {
      command.before?.();
      requiredKey(command.key);
      return await work(commandId);
    } catch (thrown) {
      if (!(thrown instanceof Problem) || momentary.includes(thrown.code) || command.principal.kind !== 'platform') throw thrown;
      throw await this.#record(commandId, command.principal.platformId, command, thrown);
    }
  }

  async #record(commandId: string, platformId: string, command: Command, problem: Problem): Promise<Problem> {
    const refusal: CommandRefused = {
      type: 'CommandRefused',
      commandId,
      platformId,
      operation: command.operation,
      contentHash: contentHashOf(command.body),
      code: problem.code,
      status: problem.status,
      detail: problem.detail,
      ...(problem.field && { field: problem.field }),
    };
    try {
      await this.store.append(`command-${commandId}`, 'no_stream', [refusal], { commandId, actor: `platform:${platformId}` });
    } catch (error) {
      if (!(error instanceof WrongRevision)) throw error;
      const first = await this.store.readLast<CommandRefused>(`command-${commandId}`);
      if (first) return repeated(first.event, command);
    }
    this.#refused.set(commandId, refusal);
    return problem;
  }
}

function repeated(earlier: CommandRefused, command: Command): Problem {
  if (earlier.contentHash !== contentHashOf(command.body))
    return new Problem('idempotency_key_reused', 'This Idempotency-Key was used for another request.', 'Idempotency-Key');
  return new Problem(isProblemCode(earlier.code) ? earlier.code : 'internal', earlier.detail, earlier.field);
}

const isProblemCode = (code: string): code is ProblemCode => code in problems;

const isCommandRefused = (event: { type: string }): event is CommandRefused => event.type === 'CommandRefused';

/** SHA-256 over the canonical JSON (RFC 8785): the same content has the same hash, however it is spelled. */
export const contentHashOf = (content: unknown): string =>
  createHash('sha256')
    .update(canonicalize(content) ?? '')
    .digest('base64url');
