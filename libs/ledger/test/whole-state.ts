import type { Books } from '../src/books.js';

/** Everything that books hold, in an order of its own only where order means nothing; of what is forgotten in an order, in that. */
export function wholeState(books: Books): object {
  const { currencies, statuses, details, holds, endedHolds, outcomes, corrections, firstEntries, expiries, ...others } = books.parts;
  if (Object.keys(others).length > 0) throw new Error(`parts of the books that are not compared: ${Object.keys(others).join(', ')}`);
  const touched = [...currencies].filter(([, book]) => [...book.balances()].length + book.limited().size > 0);
  return {
    revision: books.revision,
    nextEntry: books.nextEntry,
    sourcePosition: books.sourcePosition,
    epoch: books.epoch,
    currencies: touched.sort().map(([code, book]) => ({
      code,
      clientMoney: book.clientMoney,
      cash: book.cash,
      balances: Object.fromEntries(book.balances()),
      limits: Object.fromEntries(book.limited()),
    })),
    statuses: Object.fromEntries(statuses),
    details: Object.fromEntries(details),
    holds: Object.fromEntries(holds),
    endedHolds: [...endedHolds],
    outcomes: [...outcomes],
    corrections: Object.fromEntries(corrections),
    firstEntries,
    expiries: [...expiries.due(Infinity)]
      .filter(({ holdId, atMs }) => {
        const { status, expiresAt } = holds.get(holdId) ?? {};
        return status === 'placed' && expiresAt !== undefined && Date.parse(expiresAt) === atMs;
      })
      .map(({ holdId, atMs }) => `${atMs} ${holdId}`)
      .sort(),
  };
}
