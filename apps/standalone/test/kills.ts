import { expect } from '@jest/globals';
import type { MortalWorld } from './mortal-world.js';

/** Where the hub is killed, and the how manieth time that it comes there. */
export type Kill = [point: string, count: number, means: string];

/** The points of a step: nothing of it is written; it is written and nobody has been told. */
export const around = (step: string, means: string): Kill[] => [
  [`before ${step}`, 1, `${means}: not yet written`],
  [`after ${step}`, 1, `${means}: written, nobody told`],
];

/** Worlds with a day that did not end as it should: what comes after would only show the same again. */
const broken = new WeakSet<MortalWorld>();

/** A day in which the hub is killed once ends as if it had not been: by the log, which the auditor reads. */
export async function expectSurvived(
  mortal: MortalWorld,
  [point, count]: readonly [string, number, ...unknown[]],
  day: () => Promise<void>,
): Promise<void> {
  if (broken.has(mortal)) throw new Error('a day before this one did not end as it should');
  broken.add(mortal);
  const { deaths } = mortal;
  mortal.arm(point, count);
  await day();
  await mortal.untilRevived(deaths);
  expect(mortal).toMatchObject({ isArmed: false, deaths: deaths + 1 });
  expect((await mortal.audited()).problems).toEqual([]);
  broken.delete(mortal);
}
