import { createHash } from 'node:crypto';
import type { StatementHead } from './statement.js';

/** Names a statement: the same party, currency and place in the log have the same, whenever it is asked for. 31 characters. */
export function statementIdOf({ party, currency, afterPosition, throughPosition }: StatementHead): string {
  return `stmt_${digest([party, currency, String(afterPosition), String(throughPosition)])}`;
}

const mostAccountLength = 34;

/** The party as an account number of ISO 20022, which has room for 34 characters. */
export const accountNumberOf = (party: string): string =>
  party.length <= mostAccountLength ? party : `${party.slice(0, party.indexOf(':') + 1)}${digest([party]).slice(0, 24)}`;

const digest = (parts: string[]): string => createHash('sha256').update(parts.join('\n')).digest('hex').slice(0, 26);
