import { Module } from '@nestjs/common';
import type { HubConfig, ServiceDefinition, ServicePart } from '@tongbao/service';
import type { BankOptions } from './bank.providers.js';
import { defaultModel } from './models.js';
import { SettlementModule } from './settlement.module.js';
import { settlementCategories, settlementProjection } from './settlement.projection.js';
import { settlementPublisher } from './settlement.publish.js';

@Module({})
class SettlementServiceModule {}

/** The settlement service, which begins with one model for each currency of the configuration. */
export const settlementService = (config: HubConfig, bank: BankOptions['bank'], parts: readonly ServicePart[] = []): ServiceDefinition => ({
  name: 'settlement',
  categories: [...new Set([...settlementCategories, ...parts.flatMap(({ categories }) => categories)])],
  publisher: settlementPublisher,
  projection: settlementProjection,
  furtherProjections: parts.flatMap(({ projections }) => projections),
  module: { module: SettlementServiceModule, imports: [settlementModule(config, bank), ...parts.map(({ module }) => module)] },
});

const settlementModule = (config: HubConfig, bank: BankOptions['bank']) =>
  SettlementModule.register({
    bank,
    payoutsNeedProof: config.payoutsNeedProof,
    firstModels: config.currencies.map((currency) => ({
      name: defaultModel,
      granularity: 'net',
      interchange: 'multilateral',
      delay: 'deferred',
      currency,
      minimumPayoutMinor: config.minimumPayoutMinor,
      collection: config.collection,
      automaticApprovalUpToMinor: config.automaticApprovalUpToMinor,
    })),
  });
