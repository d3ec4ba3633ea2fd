import {
  identityOf,
  movementsOf,
  readNotifications,
  readStatements,
  type FileSource,
  type FindingCode,
  type Movement,
  type Problem,
  type StatementHeader,
} from '@tongbao/bank-files';
import type { AcceptedStatement, StagedLine } from '@tongbao/contracts';
import { accountKey, textOfAccount } from './file-bank.settings.js';
import { BankFileUnusable } from './bank-file.problem.js';

/** What a bank says of the hub's account. */
export interface ReadStatements {
  statements: AcceptedStatement[];
  lines: number;
}

export interface StatementReading {
  /** The hub's own account: a statement of another one is none of its affair. */
  account: string;
  /** Whether a statement was taken from an earlier file. */
  isKnown: (identities: readonly string[]) => boolean;
  /** Gets each line, in the order of the file. */
  stage: (line: StagedLine) => Promise<void>;
}

/** An entry whose details do not come to it stays whole and is matched with nothing: no reason to do without the rest of the statement. */
const bearable: readonly FindingCode[] = ['details_differ', 'details_without_amount', 'batch_differs'];

/** Codes of ISO's sub-families that are the bank's own charges. */
const chargeCodes = ['CHRG', 'COMM', 'FEES'];

/** More than people write, and little enough for hundreds in one event. */
const longestReference = 500;

/**
 * Reads camt.053: each booked movement becomes a line.
 * @throws BankFileRefused when it cannot be read, BankFileUnusable when it does not agree with itself, was taken before, or is of another account
 */
export async function readAccountStatements(source: FileSource, reading: StatementReading): Promise<ReadStatements> {
  const statements: AcceptedStatement[] = [];
  let lines = 0;
  const known = (identity: { byId: string; bySequence: readonly string[] }) => reading.isKnown([identity.byId, ...identity.bySequence]);
  for await (const item of readStatements(source, { isKnown: known })) {
    if (item.kind === 'problem') requireBearable(item.problem);
    else if (item.kind === 'statement') statements.push(acceptedOf(item.statement, reading.account));
    else if (item.kind === 'entry' && item.entry.isBooked) {
      for (const movement of movementsOf(item.entry)) {
        await reading.stage(lineOf(movement));
        lines += 1;
      }
    }
  }
  return { statements, lines };
}

/** Reads camt.054, which is noted and no more: what it tells comes with the statement. @throws as `readAccountStatements` */
export async function checkNotifications(source: FileSource, { account, isKnown }: Omit<StatementReading, 'stage'>): Promise<void> {
  const known = (identity: { byId: string; bySequence: readonly string[] }) => isKnown([identity.byId, ...identity.bySequence]);
  for await (const item of readNotifications(source, { isKnown: known })) {
    if (item.kind === 'problem') requireBearable(item.problem);
    else if (item.kind === 'statement') requireOwnAccount(item.statement, account);
  }
}

function requireBearable(problem: Problem<FindingCode>): void {
  if (!bearable.includes(problem.code)) throw new BankFileUnusable(problem);
}

function requireOwnAccount({ account: of, line, index }: StatementHeader, account: string): void {
  if (accountKey(textOfAccount(of)) === accountKey(account)) return;
  const detail = `it is of the account ${textOfAccount(of)}, the hub's is ${account}`;
  throw new BankFileUnusable({ code: 'account_unknown', path: `/Document/*/Stmt[${index}]/Acct/Id`, line, detail });
}

function acceptedOf(header: StatementHeader, account: string): AcceptedStatement {
  requireOwnAccount(header, account);
  const { statementId, opening, closing, currency = '', electronicSequence, legalSequence, page, to, createdAt, line, index } = header;
  if (!opening || !closing)
    throw new BankFileUnusable({ code: 'balance_missing', path: `/Document/*/Stmt[${index}]/Bal`, line, detail: 'no balances' });
  const { byId, bySequence } = identityOf(header);
  const sequence = Number(electronicSequence ?? legalSequence);
  return {
    statementId,
    account: textOfAccount(header.account),
    currency,
    identities: [byId, ...bySequence],
    ...(Number.isSafeInteger(sequence) && { sequence }),
    year: (to ?? createdAt ?? opening.on).slice(0, 4),
    page: page?.number ?? 1,
    openingMinor: opening.amountMinor,
    openingOn: opening.on,
    closingMinor: closing.amountMinor,
    closingOn: closing.on,
  };
}

function lineOf({ entry, detail, amountMinor, currency, endToEndId }: Movement): StagedLine {
  const code = detail?.transactionCode?.subFamily ?? entry.transactionCode.subFamily;
  const debtor = detail?.debtor.account;
  const creditor = detail?.creditor.account;
  const said = [...(detail?.remittance ?? []), detail?.creditorReference, detail?.information, entry.information];
  return {
    amountMinor,
    currency,
    ...(endToEndId !== undefined && { endToEndId }),
    ...(debtor && { debtorAccount: textOfAccount(debtor) }),
    ...(creditor && { creditorAccount: textOfAccount(creditor) }),
    reference: said
      .filter((text) => text !== undefined)
      .join(' ')
      .slice(0, longestReference),
    ...(code !== undefined && chargeCodes.includes(code) && { isCharge: true }),
    bookedAt: timeOf(entry.booked ?? entry.value),
  };
}

/** The day as the bank says it; its time only where it says, too, in which zone. */
function timeOf(booked: { on: string; at: string | undefined } | undefined): string {
  if (booked?.at !== undefined && /(?:Z|[+-]\d{2}:\d{2})$/.test(booked.at)) return new Date(booked.at).toISOString();
  return `${booked?.on ?? '1970-01-01'}T00:00:00.000Z`;
}
