import { expect, it } from '@jest/globals';
import { ageCuts, ageOf } from './ages.js';

it.each([
  ['2026-03-31T00:00:00.000Z', 'day'],
  ['2026-03-30T12:00:00.000Z', 'day'],
  ['2026-03-30T11:59:59.999Z', 'week'],
  ['2026-03-24T11:00:00.000Z', 'month'],
  ['2026-03-01T12:00:00.000Z', 'month'],
  ['2026-03-01T11:59:59.999Z', 'older'],
])('what is of %s is at noon of the last day of March in the bucket %s', (at, age) => {
  expect(ageOf(ageCuts(new Date('2026-03-31T12:00:00Z')).filter((cut) => at < cut).length)).toBe(age);
});
