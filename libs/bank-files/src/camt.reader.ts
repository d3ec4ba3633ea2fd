import { batchOf, detailOf, entryOf } from './camt.entry.js';
import { checkBalances, checkEntry, checkTotals, StatementSums, type Finding } from './camt.checks.js';
import { fileOf, headerOf } from './camt.header.js';
import { amountNode } from './iso-values.js';
import type { Visitor } from './document.parser.js';
import { readDocument, type FileSource, type ReadOptions } from './document.reader.js';
import { BankFileRefused } from './problem.js';
import { identityOf, SeenStatements, type StatementIdentity } from './statement.identity.js';
import type { Batch, EntryDetail, StatementFile, StatementHeader, StatementItem } from './statement.js';
import { pathOf, placeOf, type XmlNode } from './xml-node.js';

export interface StatementReadOptions extends ReadOptions {
  /** An entry with more transactions is refused: they are held until the entry ends. 100,000 if not given. */
  readonly maxDetailsPerEntry?: number;
  /** Says whether a statement has been taken from an earlier file, by its id or its number. */
  readonly isKnown?: (identity: StatementIdentity, header: StatementHeader) => boolean | Promise<boolean>;
}

/**
 * Reads camt.053.001.08, bank to customer statement, in bounded memory.
 * @throws BankFileRefused when the file cannot be read: what was given before must then not be used, so keep it apart until the end
 */
export const readStatements = (source: FileSource, options: StatementReadOptions = {}): AsyncGenerator<StatementItem> =>
  read(source, 'camt.053.001.08', options);

/** Reads camt.054.001.08, debit credit notification: as `readStatements`, but there are no balances. */
export const readNotifications = (source: FileSource, options: StatementReadOptions = {}): AsyncGenerator<StatementItem> =>
  read(source, 'camt.054.001.08', options);

async function* read(source: FileSource, message: StatementFile['message'], options: StatementReadOptions): AsyncGenerator<StatementItem> {
  const { isKnown, maxDetailsPerEntry = 100_000 } = options;
  const items = readDocument<StatementItem>(source, message, (give) => new CamtVisitor(message, maxDetailsPerEntry, give), options);
  let known = 0;
  for await (const item of items) {
    if (item.kind !== 'statement_end') yield item;
    else yield { kind: 'statement_end', end: { ...item.end, problems: item.end.problems + known } };
    if (item.kind !== 'statement') continue;
    const { statement } = item;
    known = (await isKnown?.(identityOf(statement), statement)) ? 1 : 0;
    if (known === 0) continue;
    const detail = `${statement.statementId} was taken from an earlier file`;
    yield {
      kind: 'problem',
      problem: { code: 'statement_known', path: statementPath(message, statement.index), line: statement.line, detail },
    };
  }
}

const statementPath = (message: StatementFile['message'], index: number): string =>
  message === 'camt.053.001.08' ? `/Document/BkToCstmrStmt/Stmt[${index}]` : `/Document/BkToCstmrDbtCdtNtfctn/Ntfctn[${index}]`;

/** The statement that is open. */
interface OpenStatement {
  readonly header: StatementHeader;
  readonly sums: StatementSums;
  problems: number;
}

class CamtVisitor implements Visitor {
  readonly parts = new Set(['GrpHdr', 'Stmt', 'Ntfctn', 'Ntry', 'NtryDtls', 'Btch', 'TxDtls']);
  readonly #seen = new SeenStatements();
  #file: StatementFile | undefined;
  #statements = 0;
  #open: OpenStatement | undefined;
  #details: EntryDetail[] = [];
  #batches: Batch[] = [];
  #entryCurrency = '';

  constructor(
    private readonly message: StatementFile['message'],
    private readonly maxDetails: number,
    private readonly give: (item: StatementItem) => void,
  ) {}

  opened(part: XmlNode): void {
    if (part.name === 'Ntry' && this.#open === undefined) this.#begin(part.parent);
    // What an entry says of itself stands before its transactions.
    if (part.name === 'NtryDtls' && part.parent !== undefined) this.#entryCurrency = amountNode(part.parent).currency ?? '';
  }

  closed(part: XmlNode): void {
    switch (part.name) {
      case 'GrpHdr':
        this.#file = fileOf(part, this.message);
        this.give({ kind: 'file', file: this.#file });
        break;
      case 'TxDtls':
        this.#detail(part);
        break;
      case 'Btch':
        this.#checkRoom(part, this.#batches.length, 'batches');
        this.#batches.push(batchOf(part));
        break;
      case 'Ntry':
        this.#entry(part);
        break;
      case 'Stmt':
      case 'Ntfctn':
        this.#end(part);
        break;
    }
  }

  #begin(node: XmlNode | undefined): OpenStatement {
    if (node === undefined) throw new Error('an entry outside a statement');
    this.#statements++;
    const header = headerOf(node, this.#statements, this.#file?.page);
    const open = { header, sums: new StatementSums(), problems: 0 };
    this.#open = open;
    this.give({ kind: 'statement', statement: header });
    this.#report(open, this.#seen.take(header, pathOf(node)));
    return open;
  }

  #detail(node: XmlNode): void {
    this.#checkRoom(node, this.#details.length, 'transactions');
    this.#details.push(detailOf(node, this.#entryCurrency));
  }

  #checkRoom(node: XmlNode, held: number, what: string): void {
    if (held < this.maxDetails) return;
    throw new BankFileRefused({ code: 'too_large', ...placeOf(node), detail: `the entry has more than ${this.maxDetails} ${what}` });
  }

  #entry(node: XmlNode): void {
    const open = this.#open ?? this.#begin(node.parent);
    const { header, sums } = open;
    const entry = entryOf(node, sums.entries + 1, { details: this.#details, batches: this.#batches });
    this.#details = [];
    this.#batches = [];
    if (header.currency !== undefined && entry.currency !== header.currency) {
      const detail = `the entry is in ${entry.currency}, its account in ${header.currency}`;
      throw new BankFileRefused({ code: 'currency_differs', ...placeOf(amountNode(node)), detail });
    }
    sums.add(entry);
    this.give({ kind: 'entry', entry });
    this.#report(open, checkEntry(node, entry));
  }

  #end(node: XmlNode): void {
    const open = this.#open ?? this.#begin(node);
    this.#open = undefined;
    const { header, sums } = open;
    if (this.message === 'camt.053.001.08') this.#report(open, checkBalances(node, header, sums));
    this.#report(open, checkTotals(node, header, sums));
    const netMinor = header.currency === undefined ? undefined : sums.netMinor;
    const { statementId } = header;
    this.give({
      kind: 'statement_end',
      end: { statementId, entries: sums.entries, bookedEntries: sums.bookedEntries, netMinor, problems: open.problems },
    });
  }

  #report(open: OpenStatement, findings: readonly Finding[]): void {
    open.problems += findings.length;
    for (const problem of findings) this.give({ kind: 'problem', problem });
  }
}
