import { ApiQuery } from '@nestjs/swagger';
import type { CommandRefusals } from '@tongbao/service';
import { nameOf, Problem, reachedAtLeast, type Principal } from '@tongbao/service';
import { isBillDay } from './bill-day.js';
import type { Answer, Asked } from './reconciliation.commands.js';
import type { ReconciliationFollower } from './reconciliation.follower.js';

export interface AtLeast {
  atLeast?: string;
}

export const atLeastQuery = ApiQuery({ name: 'atLeast', required: false, description: 'log position that the answer must reflect' });

/** What the edges of reconciliation have in common: running a command, and answering with the position that is reflected. */
export class Edge {
  constructor(
    private readonly follower: ReconciliationFollower,
    private readonly refusals: CommandRefusals,
  ) {}

  run<T extends object>(
    operation: string,
    principal: Principal,
    key: string | undefined,
    body: unknown,
    work: (asked: Asked) => Promise<T>,
  ): Promise<T> {
    return this.refusals.answer({ principal, key, operation, body }, (commandId) => work({ commandId, by: nameOf(principal) }));
  }

  /** What the answer reflects, and perhaps a little more. */
  async position(atLeast: string | undefined): Promise<string> {
    await reachedAtLeast(this.follower, atLeast);
    return String(this.follower.status().position);
  }

  async one(what: string, atLeast: string | undefined, read: () => Promise<object | undefined>): Promise<object> {
    const position = await this.position(atLeast);
    const found = await read();
    if (!found) throw new Problem('not_found', `There is no ${what}.`);
    return { ...found, position };
  }
}

export const toAnswer = ({ position, ...rest }: Answer) => ({ ...rest, position: String(position) });

/** One of a list of words, or undefined where nothing was asked for. @throws Problem invalid */
export function wordIn<Word extends string>(words: readonly Word[], text: string | undefined, field: string): Word | undefined {
  if (text === undefined) return undefined;
  const word = words.find((each) => each === text);
  if (word === undefined) throw new Problem('invalid', `${field} must be one of ${words.join(', ')}.`, field);
  return word;
}

/** @throws Problem invalid */
export function dayIn(text: string | undefined, field: string): string | undefined {
  if (text !== undefined && !isBillDay(text)) throw new Problem('invalid', `${field} must be a day such as 2026-03-01.`, field);
  return text;
}

/** @throws Problem invalid */
export function flagIn(text: string | undefined, field: string): boolean | undefined {
  const word = wordIn(['true', 'false'], text, field);
  return word === undefined ? undefined : word === 'true';
}
