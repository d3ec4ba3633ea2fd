import { expect, it } from '@jest/globals';
import type { CapEvent, EntriesPosted } from '@tongbao/contracts';
import { goldenEvents } from '@tongbao/testing';
import { Books } from './books.js';
import { capFold } from './cap-use.js';
import { ledgerFactCategories, postingOf } from './posting-rules.js';

type AnyFact = Parameters<typeof postingOf>[0];

const facts = ledgerFactCategories.flatMap((category) =>
  goldenEvents<AnyFact>(category).map(({ event }) => [`${category} ${event.type}`, event] as const),
);

it.each(facts)('every %s that was ever written can still be posted', (_, fact) => {
  for (const { amountMinor, from, to } of postingOf(fact)?.transfers ?? []) {
    expect(Number.isSafeInteger(amountMinor) && amountMinor > 0 && from !== to).toBe(true);
  }
});

it('every journal event that was ever written can still be folded', () => {
  for (const { event, revision } of goldenEvents<EntriesPosted>('journal')) {
    const books = new Books();
    books.apply(event, revision);
    expect(event.entries.length).toBeGreaterThan(0);
  }
});

it('every use of a cap that was ever told of is still understood', () => {
  const shares = goldenEvents<CapEvent>('cap').map(({ event }) => capFold.evolve(capFold.initial, event));
  expect(shares).toEqual([75]);
});
