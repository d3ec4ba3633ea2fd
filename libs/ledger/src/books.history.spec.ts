import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { openPglite, ProjectionRunner, type SqlClient } from '@tongbao/read-model';
import { Bookkeeper, registered, stateOf, type Step } from '../test/builders.js';
import { anyHappening, type Happening } from '../test/histories.js';
import { openHub, type Hub } from '../test/hub.js';
import { Books } from './books.js';
import { withOriginals, type Command } from './commands.js';
import { journalStream } from './journal.fold.js';
import { ledgerProjection } from './ledger.view.js';

/** Another one each time; the name of the test tells it, and SEED brings it back. */
const seed = Number(process.env['SEED'] ?? Math.floor(Math.random() * 2 ** 31));
const steps = 10_000;
const parties = ['platform:A', 'platform:B', 'creator:K'];

let sql: SqlClient;
let hub: Hub;
beforeAll(async () => {
  [sql, hub] = await Promise.all([openPglite('memory'), openHub()]);
});
afterAll(async () => {
  await hub.close();
  await sql.close();
});

/** As generated, but with ids that mostly are new, so that there is something to decide until the end. */
function renewed(happening: Happening, index: number): Happening {
  const era = Math.floor(index / 50);
  if (!('command' in happening)) return 'fact' in happening ? { fact: withHold(happening.fact, era) } : happening;
  const { command } = happening;
  // What is closed stays closed, and what was opened for some currencies stays so: only accounts of an era are.
  if (command.command === 'CloseAccount' || command.command === 'OpenAccount')
    return { command: { ...command, commandId: `n${index}`, account: `escrow:${era}` } };
  if (index % 20 === 0) return happening;
  return { command: withHold(withId(command, index), era) };
}

const withId = (command: Command, index: number): Command =>
  command.command === 'Linked'
    ? { ...command, commandId: `n${index}`, commands: command.commands.map((each, at) => ({ ...each, commandId: `n${index}.${at}` })) }
    : { ...command, commandId: `n${index}` };

const withHold = <T extends object>(of: T, era: number): T =>
  'holdId' in of && typeof of.holdId === 'string' ? { ...of, holdId: `${of.holdId}.${era}` } : of;

const history = fc.sample(anyHappening, { numRuns: steps, seed }).map(renewed);

/** As the writer does: what is reversed comes from the journal, of the entries that are durable. */
function asWritten(command: Command, keeper: Bookkeeper): Command {
  const entries = keeper.journal.flatMap((event) => event.entries.map((entry, at) => [event.firstEntry + at, entry] as const));
  return command.command === 'ReverseEntry' || command.command === 'Linked' ? withOriginals(command, new Map(entries)) : command;
}

/** @param size of the batches */
function run(size: (index: number) => number, onStep?: (keeper: Bookkeeper, step: Step) => void): Bookkeeper {
  const keeper = new Bookkeeper().facts(...parties.map(registered));
  let batch: Step[] = [];
  const write = () => {
    keeper.write(batch);
    const [only] = batch;
    batch = [];
    if (only) onStep?.(keeper, only);
  };
  for (const [index, happening] of history.entries()) {
    if ('minutes' in happening) {
      write();
      keeper.nowMs += happening.minutes * 60_000;
      write();
      continue;
    }
    batch.push('fact' in happening ? { fact: happening.fact, position: 100 + index } : { command: asWritten(happening.command, keeper) });
    if (batch.length >= size(index)) write();
  }
  write();
  return keeper;
}

describe(`a history of ${steps} facts and commands (SEED=${seed})`, () => {
  it('leaves every currency at zero, and no account past a limit by a command', () => {
    let accepted = 0;
    let availables = new Map<string, bigint>();
    const passed: string[] = [];
    run(
      () => 1,
      ({ books, journal }, step) => {
        const before = availables;
        availables = new Map();
        const sums = new Map<string, bigint>();
        for (const { currency, account, balance } of books.balances()) {
          sums.set(currency, (sums.get(currency) ?? 0n) + balance.posted);
          const key = `${currency} ${account}`;
          const available = balance.posted - balance.held;
          availables.set(key, available);
          const { minimumBalance } = books.limits(account, currency);
          const falls = available < (before.get(key) ?? 0n);
          if ('command' in step && falls && minimumBalance !== undefined && available < minimumBalance)
            passed.push(`${key} by ${step.command.commandId}`);
        }
        if ([...sums.values()].some((sum) => sum !== 0n)) throw new Error('a currency does not sum to zero');
        if ('command' in step && journal.at(-1)?.outcomes.at(-1)?.result === 'accepted') accepted += 1;
      },
    );
    expect(passed).toEqual([]);
    // Otherwise nothing was shown.
    expect(accepted).toBeGreaterThan(steps / 20);
  });

  it('is the same in memory, as the fold of the journal, and in the projection', async () => {
    const { books, journal } = run((index) => 1 + (index % 60));
    const folded = new Books();
    journal.forEach((event, revision) => folded.apply(event, revision));
    expect(stateOf(folded)).toEqual(stateOf(books));
    const runner = await ProjectionRunner.start(sql, hub.feed, ledgerProjection);
    let position = 0n;
    for (const [revision, event] of journal.entries())
      ({ position } = await hub.store.append(journalStream(), revision === 0 ? 'no_stream' : revision - 1, [event], {
        commandId: `${revision}`,
      }));
    expect(await runner.reached(position, 60_000)).toBe(true);
    const rows = await sql.query<Record<'account' | 'currency' | 'posted' | 'held' | 'promised' | 'net', string>>(
      `SELECT account, currency, posted_minor AS posted, held_minor AS held, payout_held_minor AS promised, net_minor AS net FROM ledger.accounts`,
    );
    const shown = rows.map(({ account, currency, posted, held, promised, net }) =>
      [account, currency, posted, held, promised, net].map(String).join(' '),
    );
    const kept = [...books.balances()].map(({ account, currency, balance: { posted, held, payoutHeld, net } }) =>
      [account, currency, posted, held, payoutHeld, net].join(' '),
    );
    const touched = (line: string) => !line.endsWith(' 0 0 0 0');
    expect(shown.filter(touched).sort()).toEqual(kept.filter(touched).sort());
    await runner.stop();
  });
});
