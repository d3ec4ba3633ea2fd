import type { LogFeed } from '@tongbao/event-store';
import { untilReached, type Clock, type Follower } from '@tongbao/service';
import type { BankStatementParts } from './bank-statement.process.js';
import type { PayoutQueries } from './payout.queries.js';

/** Who the parties are and where they are paid in a currency, with everything that is in the log by now: a line is matched once and for all. */
export const partiesOf =
  ({ feed, queries, projection, clock }: { feed: Pick<LogFeed, 'end'>; queries: PayoutQueries; projection: Follower; clock: Clock }) =>
  async (party: string, currency: string): ReturnType<BankStatementParts['parties']> => {
    await untilReached(projection, await feed.end());
    if (!(await queries.isPayee(party))) return undefined;
    return { account: (await queries.accountsAt(clock.now().toISOString())).of(party, currency) };
  };
