import type { AccountNumber } from './parties.js';
import type { Finding } from './camt.checks.js';
import type { StatementHeader } from './statement.js';

/** What makes a statement the same one, whichever file it comes in. */
export interface StatementIdentity {
  /** Of the account, the statement's id, and its page. */
  readonly byId: string;
  /** Of the account, the year, the number of the sequence, and its page; one for each sequence that the bank numbers. */
  readonly bySequence: readonly string[];
}

const accountKey = (account: AccountNumber): string =>
  'iban' in account ? `iban ${account.iban}` : `other ${account.scheme ?? ''} ${account.other}`;

export function identityOf(header: StatementHeader): StatementIdentity {
  const { account, statementId, electronicSequence, legalSequence, page, currency = '', opening, createdAt, to } = header;
  // One account may have a statement for each of its currencies; and most banks begin again with 1 each year.
  const key = (...parts: readonly string[]): string => JSON.stringify([accountKey(account), currency, ...parts, String(page?.number ?? 1)]);
  const year = (to ?? createdAt ?? opening?.on ?? '').slice(0, 4);
  return {
    byId: key('id', statementId),
    bySequence: [
      ...(electronicSequence === undefined ? [] : [key('electronic', year, String(BigInt(electronicSequence)))]),
      ...(legalSequence === undefined ? [] : [key('legal', year, String(BigInt(legalSequence)))]),
    ],
  };
}

/** The statements of one file: says which come twice. */
export class SeenStatements {
  readonly #ids = new Set<string>();
  readonly #sequences = new Map<string, string>();

  /** Remembers a statement. */
  take(header: StatementHeader, path: string): Finding[] {
    const { statementId, line, copy } = header;
    const { byId, bySequence } = identityOf(header);
    const findings: Finding[] = [];
    if (copy !== undefined)
      findings.push({ code: 'statement_marked_copy', path: `${path}/CpyDplctInd`, line, detail: `the bank marks ${statementId} ${copy}` });
    if (this.#ids.has(byId)) findings.push({ code: 'statement_repeated', path, line, detail: `${statementId} stands twice in this file` });
    for (const sequence of bySequence) {
      const other = this.#sequences.get(sequence);
      if (other !== undefined && other !== statementId) {
        findings.push({ code: 'sequence_repeated', path, line, detail: `${statementId} has the sequence number of ${other}` });
      }
      this.#sequences.set(sequence, statementId);
    }
    this.#ids.add(byId);
    return findings;
  }
}
