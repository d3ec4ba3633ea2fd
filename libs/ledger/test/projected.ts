import type { EntriesPosted } from '@tongbao/contracts';
import { openPglite, ProjectionRunner, type SqlClient } from '@tongbao/read-model';
import { journalStream } from '../src/journal.fold.js';
import { ledgerProjection } from '../src/ledger.view.js';
import { Bookkeeper, registered } from './builders.js';
import type { Happening } from './histories.js';
import { openHub, type Hub } from './hub.js';

/** A database for the cases of a spec, each of which folds a journal of its own into it. */
export async function openDatabase() {
  const sql = await openPglite('memory');
  return {
    sql,
    close: () => sql.close(),

    /** An empty log, and the projection of it. */
    async begin(): Promise<Projected> {
      for (const { name } of await sql.query<{ name: string }>(
        `SELECT schema_name AS name FROM information_schema.schemata WHERE schema_name !~ '^(pg_|information_schema|public)'`,
      ))
        await sql.query(`DROP SCHEMA "${name}" CASCADE`);
      const hub = await openHub();
      const runner = await ProjectionRunner.start(sql, hub.feed, ledgerProjection);
      return new Projected(sql, hub, runner);
    },
  };
}

/** The projection of one journal. */
export class Projected {
  #events = 0;

  constructor(
    readonly sql: SqlClient,
    readonly hub: Hub,
    readonly runner: ProjectionRunner,
  ) {}

  /** What of a keeper's journal is new, in the log and folded. */
  async project(journal: readonly EntriesPosted[]): Promise<void> {
    let position = 0n;
    for (const [index, event] of journal.slice(this.#events).entries()) {
      const revision = this.#events + index;
      const expected = revision === 0 ? 'no_stream' : revision - 1;
      ({ position } = await this.hub.store.append(journalStream(), expected, [event], { commandId: `journal ${revision}` }));
    }
    this.#events = journal.length;
    if (!(await this.runner.reached(position, 20_000))) throw new Error('the projection does not get there');
  }

  async close(): Promise<void> {
    await this.runner.stop();
    await this.hub.close();
  }
}

const parties = ['platform:A', 'platform:B', 'creator:K'];

/** Books with the parties that random histories know. */
export const keeperOfParties = (): Bookkeeper => new Bookkeeper().facts(...parties.map(registered));

/** Lets a keeper live through what happened. Reversals are left out: a keeper has no journal to look the entry up in. */
export function live(keeper: Bookkeeper, history: readonly Happening[], firstPosition = 100): void {
  history.forEach((happening, index) => {
    if ('minutes' in happening) keeper.nowMs += happening.minutes * 60_000;
    else if ('fact' in happening) keeper.write([{ fact: happening.fact, position: firstPosition + index }]);
    else if (happening.command.command !== 'ReverseEntry') keeper.command(happening.command);
  });
}

/** Reads a list to its end. @param between what happens between two pages */
export async function walk<T>(
  pageAfter: (after: string[] | undefined) => Promise<{ items: T[]; next?: string }>,
  between: () => Promise<void> = () => Promise.resolve(),
): Promise<T[]> {
  const items: T[] = [];
  for (let after: string[] | undefined; ;) {
    const page = await pageAfter(after);
    items.push(...page.items);
    if (page.next === undefined) return items;
    // A cursor is the JSON of an array of texts.
    after = JSON.parse(Buffer.from(page.next, 'base64url').toString()) as string[];
    await between();
  }
}
