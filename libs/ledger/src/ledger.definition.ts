import type { ServiceDefinition } from '@tongbao/service';
import { ledgerCategories, LedgerModule } from './ledger.module.js';
import { ledgerPublisher } from './ledger.publish.js';
import { ledgerProjection } from './ledger.view.js';

/** The ledger service. */
export const ledgerService = (): ServiceDefinition => ({
  name: 'ledger',
  categories: ledgerCategories,
  publisher: ledgerPublisher,
  projection: ledgerProjection,
  module: LedgerModule.register(),
  // The writer is the leader's.
  consumesAlone: true,
});
