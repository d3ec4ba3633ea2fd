import { Module } from '@nestjs/common';
import type { HubConfig, ServiceDefinition } from '@tongbao/service';
import { ledgerCategories, LedgerModule } from './ledger.module.js';
import { ledgerPublisher } from './ledger.publish.js';
import { ledgerProjection } from './ledger.view.js';
import { LogModule } from './log.module.js';
import { logSettings } from './log.settings.js';
import { logProjection } from './log.view.js';

@Module({})
class LedgerServiceModule {}

/**
 * The ledger service: the books, and their transparency log.
 * @throws ConfigError for keys of the log that are none
 */
export const ledgerService = (config: HubConfig): ServiceDefinition => {
  const settings = logSettings(config);
  return {
    name: 'ledger',
    categories: [...ledgerCategories, 'log'],
    publisher: ledgerPublisher,
    projection: ledgerProjection,
    furtherProjections: [logProjection(settings.commitments)],
    module: { module: LedgerServiceModule, imports: [LedgerModule.register(), LogModule.register(settings)] },
    // The writer is the leader's.
    consumesAlone: true,
  };
};
