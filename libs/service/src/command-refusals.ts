import { createHash } from 'node:crypto';
import type { CommandAccepted, CommandEvent, CommandRefused, ProblemCode } from '@tongbao/contracts';
import { problems } from '@tongbao/contracts';
import { Outage, WrongRevision, type EventStore, type LogFeed } from '@tongbao/event-store';
import canonicalize from 'canonicalize';
import { commandIdOf, isCommandKey, requiredKey, type Principal } from './caller.js';
import { Problem } from './problem.js';
import { isCommandRefused, RefusedCommands } from './refused-commands.js';

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

/** A command for whose answer nobody waits: it came over the bus, and may come again. */
export interface QueuedCommand {
  platformId: string;
  /** Makes its id: what the platform calls it, or what the hub must call it. */
  key: string;
  /** What the platform calls it, where that could be read. */
  namedKey?: string;
  operation: string;
  /** The same content as over HTTP. */
  content: unknown;
  /** The payment that it is about, where that is known. */
  paymentId: string | undefined;
}

/**
 * What became of platforms' commands. A refusal is stored in `command-<commandId>` before it is answered, and a repetition of the command gets the same
 * answer, whatever has changed meanwhile. Of a command over the bus the acceptance is stored as well.
 */
export class CommandRefusals {
  readonly #refused: RefusedCommands;

  constructor(private readonly store: EventStore) {
    this.#refused = new RefusedCommands(store);
  }

  start(feed: LogFeed): void {
    this.#refused.start(feed);
  }

  /**
   * Runs a command, given its id; where it throws a Problem, stores the refusal before passing it on.
   * @throws Problem of the work, or of the first run of the same command; idempotency_key_reused for another body under the same key
   */
  async answer<T>(command: Command, work: (commandId: string) => Promise<T>): Promise<T> {
    const commandId = commandIdOf(command.principal, command.key ?? contentHashOf(command.body));
    const earlier = await this.#refused.find(commandId);
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

  /**
   * Handles a command that came over the bus: its outcome is stored, once for each content that comes under the command's id, and a repetition
   * changes nothing.
   * @param work what it does; whatever part of it has happened already must not happen again
   * @throws Outage when it cannot be decided now, WrongRevision when the same command is being handled elsewhere: it is to be tried again
   */
  async settle(command: QueuedCommand, work: (commandId: string) => Promise<{ paymentId: string; status: string }>): Promise<void> {
    const { platformId, key, operation } = command;
    const commandId = commandIdOf({ kind: 'platform', platformId }, key);
    const contentHash = contentHashOf(command.content);
    const outcomes = await this.store.read<CommandEvent>(`command-${commandId}`);
    if (outcomes.some(({ event }) => event.contentHash === contentHash)) return;
    const append = (event: CommandEvent) =>
      this.store.append(`command-${commandId}`, outcomes.at(-1)?.revision ?? 'no_stream', [event], {
        commandId,
        correlationId: command.paymentId ?? commandId,
        actor: `platform:${platformId}`,
      });
    try {
      if (outcomes.length > 0) throw new Problem('idempotency_key_reused', 'This command id was used for another command.', 'commandId');
      const { paymentId, status } = await work(commandId);
      const event: CommandAccepted = {
        ...{ type: 'CommandAccepted', commandId, platformId, commandKey: key },
        ...{ operation, contentHash, paymentId, status },
      };
      await append(event);
    } catch (thrown) {
      if (!(thrown instanceof Problem)) throw thrown;
      if (momentary.includes(thrown.code)) throw new Outage(thrown.message, { cause: thrown });
      const named = { key: command.namedKey, operation, contentHash, subject: command.paymentId };
      await append(refusalOf(commandId, platformId, named, thrown));
    }
  }

  async #record(commandId: string, platformId: string, command: Command, problem: Problem): Promise<Problem> {
    const { key, operation } = command;
    const refusal = refusalOf(commandId, platformId, { key, operation, contentHash: contentHashOf(command.body) }, problem);
    try {
      await this.store.append(`command-${commandId}`, 'no_stream', [refusal], { commandId, actor: `platform:${platformId}` });
    } catch (error) {
      if (!(error instanceof WrongRevision)) throw error;
      const [first] = await this.store.read<CommandEvent>(`command-${commandId}`, { limit: 1 });
      if (first && isCommandRefused(first.event)) return repeated(first.event, command);
      // It was accepted over the bus a moment ago, and is refused now because its effect is there.
      return problem;
    }
    this.#refused.add(refusal);
    return problem;
  }
}

function refusalOf(
  commandId: string,
  platformId: string,
  {
    key,
    operation,
    contentHash,
    subject,
  }: { key: string | undefined; operation: string; contentHash: string; subject?: string | undefined },
  problem: Problem,
): CommandRefused {
  return {
    type: 'CommandRefused',
    commandId,
    platformId,
    ...(isCommandKey(key) && { commandKey: key }),
    operation,
    contentHash,
    code: problem.code,
    status: problem.status,
    detail: problem.detail,
    ...(problem.field && { field: problem.field }),
    ...(subject !== undefined && { subject }),
  };
}

function repeated(earlier: CommandRefused, command: Command): Problem {
  if (earlier.contentHash !== contentHashOf(command.body))
    return new Problem('idempotency_key_reused', 'This Idempotency-Key was used for another request.', 'Idempotency-Key');
  return new Problem(isProblemCode(earlier.code) ? earlier.code : 'internal', earlier.detail, earlier.field);
}

const isProblemCode = (code: string): code is ProblemCode => code in problems;

/** SHA-256 over the canonical JSON (RFC 8785): the same content has the same hash, however it is spelled. */
export const contentHashOf = (content: unknown): string =>
  createHash('sha256')
    .update(canonicalize(content) ?? '')
    .digest('base64url');
