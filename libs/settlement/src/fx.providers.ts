import type { Provider } from '@nestjs/common';
import type { EventStore } from '@tongbao/event-store';
import type { SqlClient } from '@tongbao/read-model';
import { CLOCK, EVENT_STORE, HUB_CONFIG, SQL, type Clock, type HubConfig } from '@tongbao/service';
import { ExchangeCommands } from './exchange.commands.js';
import { FxMetrics } from './fx.metrics.js';
import { FxQuoteCommands } from './fx-quote.commands.js';
import { FxQueries } from './fx.queries.js';
import { FxViews } from './fx.view.js';
import { ModelRegistry } from './model.registry.js';

/** Quotes, and what is exchanged by them. */
export const fxProviders: Provider[] = [
  FxMetrics,
  { provide: FxQueries, inject: [SQL], useFactory: (sql: SqlClient) => new FxQueries(sql) },
  { provide: FxViews, inject: [SQL], useFactory: (sql: SqlClient) => new FxViews(sql) },
  {
    provide: FxQuoteCommands,
    inject: [EVENT_STORE, HUB_CONFIG, CLOCK],
    useFactory: (store: EventStore, { currencies }: HubConfig, clock: Clock) => new FxQuoteCommands(store, currencies, clock),
  },
  {
    provide: ExchangeCommands,
    inject: [EVENT_STORE, ModelRegistry],
    useFactory: (store: EventStore, models: ModelRegistry) => new ExchangeCommands(store, models),
  },
];
