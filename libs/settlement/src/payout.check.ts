import type { HealthCheck } from '@tongbao/service';
import type { BankFileQueries } from './bank-file.queries.js';
import type { PayoutQueries } from './payout.queries.js';

/**
 * That payouts are paused, or that a bank's files need somebody, is nothing that a settlement process could mend, or should be stopped for; but people should
 * know.
 */
export const payoutCheck = (payouts: Pick<PayoutQueries, 'pausedBanks'>, files: BankAlarms, bank: string): HealthCheck => ({
  name: 'bank',
  problem: () => Promise.resolve(undefined),
  notice: async () => {
    const paused = (await payouts.pausedBanks()).map(
      ({ bank: name, pausedBy, pausedAt, reason }) => `${name} is paused by ${pausedBy} since ${pausedAt}: ${reason}`,
    );
    const { rejectedFiles, gaps, runs } = await alarmsOf(files, bank);
    const said = [
      ...paused,
      ...(rejectedFiles > 0 ? [`${rejectedFiles} files of ${bank} were rejected`] : []),
      ...(gaps > 0 ? [`statements of ${bank} do not follow one another in ${gaps} places`] : []),
      ...(runs > 0 ? [`${runs} runs to ${bank} wait for their release`] : []),
    ];
    return said.length === 0 ? undefined : said.join('; ');
  },
});

export type BankAlarms = Pick<BankFileQueries, 'rejectedFiles' | 'gaps' | 'unwrittenRuns'>;

/** What of a bank's files waits for a person. */
export async function alarmsOf(files: BankAlarms, bank: string): Promise<{ rejectedFiles: number; gaps: number; runs: number }> {
  const [rejectedFiles, gaps, runs] = [await files.rejectedFiles(bank), await files.gaps(bank), await files.unwrittenRuns(bank)];
  return { rejectedFiles, gaps: gaps.length, runs: runs.filter(({ status }) => status === 'closed').length };
}
