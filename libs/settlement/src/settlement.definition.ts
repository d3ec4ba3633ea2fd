import type { HubConfig, ServiceDefinition } from '@tongbao/service';
import type { Bank } from './bank.js';
import { defaultModel } from './models.js';
import { SettlementModule } from './settlement.module.js';
import { settlementCategories, settlementProjection } from './settlement.projection.js';
import { settlementPublisher } from './settlement.publish.js';

/** The settlement service, with one model for each currency of the configuration. */
export const settlementService = (config: HubConfig, bank: Bank): ServiceDefinition => ({
  name: 'settlement',
  categories: settlementCategories,
  publisher: settlementPublisher,
  projection: settlementProjection,
  module: SettlementModule.register({
    bank,
    payoutsNeedProof: config.payoutsNeedProof,
    models: config.currencies.map((currency) => ({
      name: defaultModel,
      currency,
      minimumPayoutMinor: config.minimumPayoutMinor,
      collection: config.collection,
      automaticApprovalUpToMinor: config.automaticApprovalUpToMinor,
    })),
  }),
});
