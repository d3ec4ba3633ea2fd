import { Problem } from '@tongbao/service';
import type { PayoutStatus } from './payout.js';
import type { WithdrawalStatus } from './withdrawal.js';

/** Every status, for the compiler to see that none is missing. */
const ofPayouts: Record<PayoutStatus, true> = {
  ...{ requested: true, held: true, refused: true, awaiting_proof: true, awaiting_funds: true, awaiting_account: true },
  ...{ instructed: true, confirmed: true, failed: true, returned: true, carried: true },
};
const ofWithdrawals: Record<WithdrawalStatus, true> = {
  ...{ requested: true, held: true, refused: true, awaiting_funds: true, awaiting_account: true },
  ...{ instructed: true, confirmed: true, failed: true, returned: true, cancelled: true },
};

export const payoutStatuses = Object.keys(ofPayouts);
export const withdrawalStatuses = Object.keys(ofWithdrawals);

/**
 * One of a list of words, or undefined where nothing was asked for. An unknown word is no question that an empty list answers.
 * @throws Problem invalid
 */
export function wordIn<Word extends string>(words: readonly Word[], text: string | undefined, field: string): Word | undefined {
  if (text === undefined) return undefined;
  const word = words.find((each) => each === text);
  if (word === undefined) throw new Problem('invalid', `${field} must be one of ${words.join(', ')}.`, field);
  return word;
}
