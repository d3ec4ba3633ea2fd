import { Outage } from '@tongbao/event-store';
import { changingGenerations, tablesOf, type Writer } from './registry.js';
import type { SqlClient } from './sql-client.js';
import { qualified } from './table-sql.js';

/**
 * How long a switch waits for those who read a view. Everybody else who comes to read waits behind it, and whoever reads several views in one
 * transaction may hold one that the switch waits for and wait for one that it holds: the switch gives way long before PostgreSQL looks for
 * deadlocks (1 s).
 */
const lockTimeout = '200ms';
const mostTries = 10;

/**
 * Like changingGenerations, for work that replaces the views of a generation that queries read. It takes the views first of all, and after a try that
 * gave way it begins with the one that it did not get: so it comes to take them in the order in which readers do.
 * @throws Outage when readers do not let it in
 */
export async function switchingViews(
  client: SqlClient,
  writer: Writer,
  shown: number,
  work: (tx: SqlClient) => Promise<void>,
): Promise<void> {
  let views: string[] = [];
  for (let tries = 1; ; tries += 1) {
    let refused: string | undefined;
    try {
      await changingGenerations(client, writer, async (tx) => {
        if (tries === 1) views = await tablesOf(tx, writer.projection, shown);
        await tx.query(`SET LOCAL lock_timeout = '${lockTimeout}'`);
        for (const view of views) {
          refused = view;
          await tx.query(`LOCK TABLE ${qualified(writer.projection, view)} IN ACCESS EXCLUSIVE MODE`);
        }
        refused = undefined;
        await work(tx);
      });
      return;
    } catch (error) {
      if (!(error instanceof Outage) || refused === undefined || tries === mostTries) throw error;
      views = [refused, ...views.filter((view) => view !== refused)];
    }
  }
}
