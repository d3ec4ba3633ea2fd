import type { HealthCheck } from '@tongbao/service';
import type { SettlementQueries } from './settlement.queries.js';

/** That payouts wait for a checkpoint is nothing that a settlement process could mend, or should be stopped for; but people should know. */
export const proofCheck = (queries: Pick<SettlementQueries, 'awaitingProof'>): HealthCheck => ({
  name: 'payouts',
  problem: () => Promise.resolve(undefined),
  notice: async () => {
    const { payouts, signed, proven } = await queries.awaitingProof();
    if (payouts === 0) return undefined;
    return `${payouts} payouts wait for a checkpoint that covers what they come from: ${signed} entries are signed, ${proven} are proven`;
  },
});
