import { describe, expect, it } from '@jest/globals';
import { StoreUnavailable } from '@tongbao/event-store';
import { ProjectionBehind } from '@tongbao/service';
import { together } from './together.js';

const all = Array.from({ length: 100 }, (_, index) => index);
const behind = new ProjectionBehind('of one of them');
const down = new StoreUnavailable('for all of them');
const wrong = new Error('one of them is wrong');

/** @returns which were done, and what was thrown */
async function done(failures: Record<number, Error>): Promise<{ done: number[]; thrown: unknown }> {
  const seen: number[] = [];
  const work = async (each: number) => {
    await Promise.resolve();
    if (failures[each]) throw failures[each];
    seen.push(each);
  };
  const thrown = await together(all, work).then(
    () => undefined,
    (error: unknown) => error,
  );
  return { done: seen, thrown };
}

describe('what is done together', () => {
  it('is all done, each once', async () => {
    expect(await done({})).toEqual({ done: all, thrown: undefined });
  });

  it.each([behind, wrong])('is done but for the one that fails ($message), which is told at the end', async (failure) => {
    expect(await done({ 0: failure })).toEqual({ done: all.slice(1), thrown: failure });
  });

  it('is tried again where one of those that fail may go by itself', async () => {
    expect(await done({ 0: wrong, 40: behind })).toEqual({ done: all.filter((each) => each !== 0 && each !== 40), thrown: behind });
  });

  it('stops at what is down for all, after those that it began with', async () => {
    const { done: some, thrown } = await done({ 0: behind, 40: down });
    expect(thrown).toBe(down);
    expect(some).toEqual(all.slice(1, 64).filter((each) => each !== 40));
  });
});
