import { UsageError } from './exit-codes.js';

/**
 * What cannot be undone is done only when it is asked for twice.
 * @throws UsageError telling what would be done
 */
export function requireYes(yes: boolean, what: string): void {
  if (!yes) throw new UsageError(`This would ${what}. Repeat with --yes to do it.`);
}
