import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { EntriesPosted, JournalEntry } from '@tongbao/contracts';
import { Bookkeeper, registered, stateOf, type Step } from '../test/builders.js';
import { histories, type Happening } from '../test/histories.js';
import { Books } from './books.js';
import { withOriginals, type Command, type Refusal, type SingleCommand } from './commands.js';

const parties = ['platform:A', 'platform:B', 'creator:K'];
const start = () => new Bookkeeper().facts(...parties.map(registered));

/** As the writer does: what is reversed comes from the journal. */
const withOriginal = (command: Command, journal: readonly EntriesPosted[]): Command =>
  withOriginals(command, new Map(journal.flatMap(({ entries }) => entries).entries()));

/** Each happening in a batch of its own, or as many together as `cut` says. */
/** Kinds of entries that pay a net, withhold of it, or exchange it. */
const beyondNets = /^(Payout|Withdrawal|Reserve|Liquidity|CurrencyExchanged|DebtWrittenOff|ObligationPaid)/;

function run(
  history: readonly Happening[],
  cut: (index: number) => boolean = () => true,
  onStep?: (keeper: Bookkeeper) => void,
): Bookkeeper {
  const keeper = start();
  let batch: Step[] = [];
  history.forEach((happening, index) => {
    if ('minutes' in happening) {
      keeper.write(batch);
      batch = [];
      keeper.nowMs += happening.minutes * 60_000;
      keeper.write([]);
      return;
    }
    batch.push(
      'fact' in happening ? { fact: happening.fact, position: 100 + index } : { command: withOriginal(happening.command, keeper.journal) },
    );
    if (!cut(index)) return;
    keeper.write(batch);
    batch = [];
    onStep?.(keeper);
  });
  keeper.write(batch);
  return keeper;
}

describe('over any history', () => {
  it('every currency sums to zero, and the totals of clients and cash are what the balances come to', () =>
    fc.assert(
      fc.property(histories(80), (history) => {
        const { books } = run(history);
        const sums = new Map<string, bigint>();
        for (const { currency, balance } of books.balances()) sums.set(currency, (sums.get(currency) ?? 0n) + balance.posted);
        expect([...sums.values()].every((sum) => sum === 0n)).toBe(true);
        for (const code of sums.keys())
          expect(totalsByHand(books, code)).toEqual([books.currency(code).clientMoney, books.currency(code).cash]);
      }),
    ));

  it('the fold of the journal is what is in memory', () =>
    fc.assert(
      fc.property(histories(80), (history) => {
        const { books, journal } = run(history);
        const folded = new Books();
        journal.forEach((event, revision) => folded.apply(event, revision));
        expect(stateOf(folded)).toEqual(stateOf(books));
        expect(folded.nextExpiryMs).toBe(books.nextExpiryMs);
      }),
    ));

  it('what is held is what the placed holds reserve', () =>
    fc.assert(
      fc.property(histories(80), (history) => {
        const { books } = run(history);
        const held = new Map<string, bigint>();
        for (const id of ['h1', 'h2', 'h3', 'hold_p1']) {
          const hold = books.hold(id);
          if (hold?.status !== 'placed') continue;
          for (const { account, amountMinor } of hold.reservations) {
            const key = `${hold.currency} ${account}`;
            held.set(key, (held.get(key) ?? 0n) + BigInt(amountMinor));
          }
        }
        for (const { currency, account, balance } of books.balances()) expect(balance.held).toBe(held.get(`${currency} ${account}`) ?? 0n);
      }),
    ));

  it('any division into batches comes to the same balances', () =>
    fc.assert(
      fc.property(histories(60), fc.array(fc.boolean(), { minLength: 60, maxLength: 60 }), (history, cuts) => {
        const steps = history.filter(isIndifferentToCuts);
        const one = run(steps);
        const other = run(steps, (index) => cuts[index] ?? true);
        expect(stateOf(other.books)).toEqual(stateOf(one.books));
        expect(other.journal.flatMap(({ outcomes }) => outcomes)).toEqual(one.journal.flatMap(({ outcomes }) => outcomes));
      }),
    ));

  it('no command takes an account past a limit, nor clients out of their cover', () =>
    fc.assert(
      fc.property(histories(60), (history) => {
        const keeper = start();
        history.forEach((happening, index) => {
          if ('minutes' in happening) return;
          if ('fact' in happening) return void keeper.write([{ fact: happening.fact, position: 100 + index }]);
          const before = new Map(
            [...keeper.books.balances()].map(({ currency, account, balance }) => [`${currency} ${account}`, { ...balance }]),
          );
          const lackBefore = lackOf(keeper.books);
          keeper.write([{ command: withOriginal(happening.command, keeper.journal) }]);
          for (const { currency, account, balance } of keeper.books.balances()) {
            const { minimumBalance } = keeper.books.limits(account, currency);
            const was = before.get(`${currency} ${account}`) ?? { posted: 0n, held: 0n };
            const [is, then] = [balance.posted - balance.held, was.posted - was.held];
            if (minimumBalance !== undefined && is < then) expect(is >= minimumBalance).toBe(true);
          }
          const lack = lackOf(keeper.books);
          expect(lack <= 0n || lack <= lackBefore || !('transfers' in happening.command)).toBe(true);
        });
      }),
    ));

  it('of all refusals that apply, the first answers', () =>
    fc.assert(
      fc.property(histories(60), (history) => {
        const keeper = start();
        history.forEach((happening, index) => {
          if ('minutes' in happening) {
            keeper.nowMs += happening.minutes * 60_000;
            keeper.write([]);
          } else if ('fact' in happening) {
            keeper.write([{ fact: happening.fact, position: 100 + index }]);
          } else {
            const command = withOriginal(happening.command, keeper.journal);
            // Linked ones are refused as each of them is.
            if (command.command === 'Linked') return void keeper.command(command);
            if (keeper.books.outcome(command.commandId)) return;
            // Holds that are due expire with the command's batch, before it.
            keeper.write([]);
            const expected = firstThatApplies(command, keeper);
            expect(keeper.command(command).outcome.code).toBe(expected);
          }
        });
      }),
      { numRuns: 500 },
    ));
});

/** An entry can be reversed from the batch after its own on, and a hold expires with the first batch after its time: these two see where batches end. */
const isIndifferentToCuts = (happening: Happening): boolean =>
  !('command' in happening) ||
  (happening.command.command !== 'ReverseEntry' && !('expiresAt' in happening.command && happening.command.expiresAt));

function totalsByHand(books: Books, code: string): [bigint, bigint] {
  let [client, cash] = [0n, 0n];
  for (const { currency, account, balance } of books.balances()) {
    if (currency !== code) continue;
    if (/^(provider|bank):/.test(account)) cash -= balance.posted;
    const own = /^(platform|creator|user|liquidity|transit|reserve|dispute):/.test(account) && balance.posted > 0n ? balance.posted : 0n;
    client += own > balance.payoutHeld ? own : balance.payoutHeld;
  }
  return [client, cash];
}

const lackOf = (books: Books): bigint => {
  const [client, cash] = totalsByHand(books, 'CNY');
  return client - cash;
};

/** The refusals as the domain words them, from balances kept apart from the decider's working copies. */
function firstThatApplies(command: SingleCommand, { books, nowMs, journal }: Bookkeeper): Refusal | undefined {
  const hold = 'holdId' in command ? books.hold(command.holdId) : undefined;
  if (command.command === 'PlaceHold' && hold) {
    const { currency, reservations, purpose, ref, expiresAt } = command;
    const same =
      JSON.stringify([currency, reservations, purpose, ref, expiresAt]) ===
      JSON.stringify([hold.currency, hold.reservations, hold.purpose, hold.ref, hold.expiresAt]);
    return same ? undefined : 'exists_with_different_content';
  }
  const said = command.command === 'OpenAccount' ? command.currencies : undefined;
  const known = command.command === 'OpenAccount' ? books.details(command.account)?.currencies : undefined;
  if (said && known && said.join() !== known.join()) return 'exists_with_different_content';
  const original = command.command === 'ReverseEntry' ? command.original : undefined;
  const transfers = original
    ? original.transfers.map((each) => ({ ...each, from: each.to, to: each.from }))
    : 'transfers' in command
      ? command.transfers
      : [];
  const reservations = command.command === 'PlaceHold' ? command.reservations : [];
  const moved = [...transfers.flatMap(({ from, to }) => [from, to]), ...reservations.map(({ account }) => account)];
  const named = 'account' in command ? [command.account] : moved;
  const status = (account: string) => books.status(account);
  const ends = command.command === 'CommitHold' || command.command === 'VoidHold';
  const corrects = command.command === 'PostEntry' ? command.corrects : command.command === 'ReverseEntry' ? command.entry : undefined;

  if (command.command !== 'OpenAccount' && named.some((each) => status(each) === 'unknown')) return 'account_not_found';
  if (named.some((each) => status(each) === 'closed')) return 'account_closed';
  const tellsWhatIsNew = said && !known && named.some((each) => status(each) === 'frozen');
  if (tellsWhatIsNew || moved.some((each) => status(each) === 'frozen')) return 'account_frozen';
  if (ends && hold && transfers.some(({ currency }) => currency !== hold.currency)) return 'currency_mismatch';
  const takes = (account: string, currency: string) => books.details(account)?.currencies?.includes(currency) !== false;
  if (transfers.some(({ from, to, currency }) => !takes(from, currency) || !takes(to, currency))) return 'currency_mismatch';
  if ('currency' in command && named.some((each) => !takes(each, command.currency))) return 'currency_mismatch';
  if (said && hasMoneyBeside(command, said, books)) return 'currency_mismatch';
  if ([...transfers, ...reservations].some(({ amountMinor }) => amountMinor <= 0)) return 'amount_not_positive';
  if (transfers.some(({ from, to }) => from === to)) return 'same_account';
  if (ends && !hold) return 'hold_not_found';
  if (ends && hold?.status === 'committed') return 'hold_already_committed';
  if (ends && hold?.status === 'voided') return 'hold_already_voided';
  if (ends && (hold?.status === 'expired' || (hold?.expiresAt && Date.parse(hold.expiresAt) <= nowMs))) return 'hold_expired';
  const out = (account: string) => transfers.filter(({ from }) => from === account).reduce((sum, { amountMinor }) => sum + amountMinor, 0);
  const reserved = (account: string) =>
    (hold?.reservations ?? []).filter((each) => each.account === account).reduce((sum, { amountMinor }) => sum + amountMinor, 0);
  if (ends && transfers.some(({ from }) => out(from) > reserved(from))) return 'exceeds_hold';
  const entries = journal.flatMap((event) => event.entries);
  if (corrects !== undefined && !entries[corrects]) return 'entry_not_found';
  const undone = command.command === 'ReverseEntry' ? entries[corrects ?? -1] : undefined;
  if (undone && (beyondNets.test(undone.kind) || undone.transfers.length === 0)) return 'entry_not_reversible';
  if (corrects !== undefined && isUndoneByHand(entries, corrects, command.command)) return 'already_reversed';

  const touched = [
    ...transfers.map(({ from, currency }) => [from, currency] as const),
    ...(command.command === 'PlaceHold' ? reservations.map(({ account }) => [account, command.currency] as const) : []),
  ];
  const change = (account: string, currency: string) => {
    const gained = transfers
      .filter((each) => each.currency === currency)
      .reduce((sum, { from, to, amountMinor }) => sum + (to === account ? amountMinor : 0) - (from === account ? amountMinor : 0), 0);
    const newlyHeld = reservations.filter((each) => each.account === account).reduce((sum, { amountMinor }) => sum + amountMinor, 0);
    const released = command.command === 'CommitHold' && hold?.currency === currency ? reserved(account) : 0;
    return { gained: BigInt(gained), held: BigInt(newlyHeld - released) };
  };
  const isPayout = (command.command === 'PlaceHold' ? command.purpose : hold?.purpose) === 'payout';
  for (const [account, currency] of touched) {
    const { minimumBalance } = books.limits(account, currency);
    const { posted, held } = books.balance(account, currency);
    const by = change(account, currency);
    const delta = by.gained - by.held;
    if (minimumBalance !== undefined && delta < 0n && posted - held + delta < minimumBalance) return 'insufficient_funds';
  }
  for (const [account, currency] of touched) {
    const party = account.replace(/^liquidity:/, '');
    const { netDebitCap } = books.limits(party, currency);
    const { net, held, payoutHeld } = books.balance(party, currency);
    const prefunded = books.balance(`liquidity:${party}`, currency);
    const [own, funds] = [change(party, currency), change(`liquidity:${party}`, currency)];
    const delta = (parties.includes(party) ? own.gained : 0n) - (isPayout ? 0n : own.held) + funds.gained - funds.held;
    const room = net - (held - payoutHeld) + prefunded.posted - prefunded.held;
    if (netDebitCap !== undefined && delta < 0n && room + delta < -netDebitCap) return 'cap_exceeded';
  }
  if (uncoversByHand(command, books, touched, change, isPayout)) return 'client_money_not_covered';
  if (command.command === 'CloseAccount') {
    for (const { account, balance } of books.balances())
      if (account === command.account && (balance.posted !== 0n || balance.held !== 0n)) return 'account_not_empty';
  }
  return undefined;
}

function hasMoneyBeside(command: SingleCommand, currencies: readonly string[], books: Books): boolean {
  return [...books.balances()].some(
    ({ account, currency, balance }) =>
      'account' in command &&
      account === command.account &&
      !currencies.includes(currency) &&
      (balance.posted !== 0n || balance.held !== 0n),
  );
}

function isUndoneByHand(entries: readonly JournalEntry[], number: number, by: Command['command']): boolean {
  const naming = entries.filter(({ corrects }) => corrects === number);
  const reversed = naming.some(({ kind }) => kind === 'ReverseEntry');
  return reversed || (by === 'ReverseEntry' && naming.length > 0);
}

type Change = (account: string, currency: string) => { gained: bigint; held: bigint };

function uncoversByHand(
  command: SingleCommand,
  books: Books,
  touched: readonly (readonly [string, string])[],
  change: Change,
  isPayout: boolean,
): boolean {
  const placesPayout = command.command === 'PlaceHold' && isPayout;
  if (command.command === 'PlaceHold' && !placesPayout) return false;
  return [...new Set(touched.map(([, currency]) => currency))].some((code) => {
    const [clientBefore, cashBefore] = totalsByHand(books, code);
    let [client, cash] = [clientBefore, cashBefore];
    const accounts = new Set(
      [
        ...('transfers' in command ? command.transfers : []),
        ...(command.command === 'ReverseEntry' ? (command.original?.transfers ?? []) : []),
      ].flatMap(({ from, to }) => [from, to]),
    );
    for (const [account] of touched) accounts.add(account);
    for (const account of accounts) {
      const { posted, payoutHeld } = books.balance(account, code);
      const { gained, held } = change(account, code);
      const isClient = /^(platform|creator|user|liquidity|transit|reserve|dispute):/.test(account);
      const owed = (own: bigint, promised: bigint) => (isClient && own > promised ? own : promised);
      client += owed(posted + gained, payoutHeld + (isPayout ? held : 0n)) - owed(posted, payoutHeld);
      if (/^(provider|bank):/.test(account)) cash -= gained;
    }
    return client > cash && (placesPayout || client - cash > clientBefore - cashBefore);
  });
}
