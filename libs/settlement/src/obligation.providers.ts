import type { Provider } from '@nestjs/common';
import type { EventStore } from '@tongbao/event-store';
import type { SqlClient } from '@tongbao/read-model';
import { EVENT_STORE, SQL } from '@tongbao/service';
import { ComparisonReport } from './comparison-report.js';
import { LiquidityDraws } from './liquidity-draws.js';
import { ModelRegistry } from './model.registry.js';
import { ObligationCommands } from './obligation.commands.js';
import { ObligationViews } from './obligation.view.js';
import { SettlementQueries } from './settlement.queries.js';

/** What settlements leave platforms to pay each other, what they draw from prefunded money, and where they differ from the ledger. */
export const obligationProviders: Provider[] = [
  { provide: ObligationViews, inject: [SQL], useFactory: (sql: SqlClient) => new ObligationViews(sql) },
  {
    provide: ObligationCommands,
    inject: [EVENT_STORE, ObligationViews, ModelRegistry],
    useFactory: (store: EventStore, views: ObligationViews, models: ModelRegistry) => new ObligationCommands(store, views, models),
  },
  {
    provide: LiquidityDraws,
    inject: [EVENT_STORE, ModelRegistry],
    useFactory: (store: EventStore, models: ModelRegistry) => new LiquidityDraws(store, models),
  },
  {
    provide: ComparisonReport,
    inject: [EVENT_STORE, SettlementQueries, ModelRegistry],
    useFactory: (store: EventStore, queries: SettlementQueries, models: ModelRegistry) => new ComparisonReport(store, queries, models),
  },
];
