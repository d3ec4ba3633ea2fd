import { join } from 'node:path';
import type { HubConfig, ServicePart } from '@tongbao/service';
import { ReconciliationModule } from './reconciliation.module.js';
import { reconciliationCategories, reconciliationProjection } from './reconciliation.projection.js';

/** Reconciliation, as the settlement service hosts it. */
export const reconciliationPart = ({ billsDir, dataDir, billLimitBytes }: HubConfig): ServicePart => ({
  categories: reconciliationCategories,
  projections: [reconciliationProjection],
  module: ReconciliationModule.register({ folder: billsDir || join(dataDir, 'bills'), maxBillBytes: billLimitBytes }),
});
