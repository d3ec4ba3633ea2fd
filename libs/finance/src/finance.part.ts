import type { HubConfig, ServicePart } from '@tongbao/service';
import { FinanceModule } from './finance.module.js';
import { financeCategories, financeProjection } from './finance.projection.js';

/** The finance part of the settlement service: its projection, and everything under /v1/finance. */
export const financePart = ({ financeTimeZone: timeZone, hubName }: HubConfig): ServicePart => ({
  categories: financeCategories,
  projections: [financeProjection],
  module: FinanceModule.register({ timeZone, hubName }),
});
