import { ApiQuery } from '@nestjs/swagger';
import { nameOf, type Principal } from './caller.js';
import type { CommandRefusals } from './command-refusals.js';
import type { Follower } from './hosted-projection.js';
import { Problem } from './problem.js';
import { reachedAtLeast } from './wait.js';

/** Who asks, and under which id: the same command again is answered with what it came to. */
export interface Asked {
  commandId: string;
  by: string;
}

/** Position of the newest event that the command is about: what a query must have reached to show its effect. */
export interface Answer {
  position: bigint;
}

export interface AtLeast {
  atLeast?: string;
}

export const atLeastQuery = ApiQuery({ name: 'atLeast', required: false, description: 'log position that the answer must reflect' });

/** What the edges of a part have in common: running a command, and answering with the position that is reflected. */
export class Edge {
  constructor(
    private readonly projection: Follower,
    private readonly refusals: CommandRefusals,
  ) {}

  /** @throws Problem of the work, or of the first run of the same command */
  run<T extends object>(
    operation: string,
    principal: Principal,
    key: string | undefined,
    body: unknown,
    work: (asked: Asked) => Promise<T>,
  ): Promise<T> {
    return this.refusals.answer({ principal, key, operation, body }, (commandId) => work({ commandId, by: nameOf(principal) }));
  }

  /**
   * Log position that an answer reflects, perhaps a little more than was asked for.
   * @throws Problem for an `atLeast` that is no position, or is not reached in time
   */
  async position(atLeast: string | undefined): Promise<string> {
    await reachedAtLeast(this.projection, atLeast);
    return String(this.projection.status().position);
  }

  /** @throws Problem not_found */
  async one(what: string, atLeast: string | undefined, read: () => Promise<object | undefined>): Promise<object> {
    const position = await this.position(atLeast);
    const found = await read();
    if (!found) throw new Problem('not_found', `There is no ${what}.`);
    return { ...found, position };
  }
}

export const toAnswer = <T extends Answer>({ position, ...rest }: T): Omit<T, 'position'> & { position: string } => ({
  ...rest,
  position: String(position),
});
