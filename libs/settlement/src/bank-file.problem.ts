import type { BankFileProblem } from '@tongbao/contracts';

/** A file that can be read, and must not count. */
export class BankFileUnusable extends Error {
  override readonly name = 'BankFileUnusable';

  constructor(readonly problem: BankFileProblem) {
    super(`${problem.code} at ${problem.path}: ${problem.detail}`);
  }
}
