import { writePartyStatement, type PartyStatementEntry } from '@tongbao/bank-files';
import { accountNumberOf, statementIdOf } from './statement.identity.js';
import type { StatementHead, StatementLine } from './statement.js';

/** What room ISO 20022 has. */
const mostKind = 35;
const mostReference = 35;
const mostInformation = 500;
const mostName = 140;

/** Kinds are words of the hub and of agreements. */
const issuer = 'tongbao';

/**
 * The statement as camt.053.001.08, in pieces. What a platform's own merchant account took moves no position and is not in it.
 * @param hub name of who keeps the account
 * @param latest when the last of it happened, where the period has no end: the same statement has the same bytes
 */
export function statementCamt(
  head: StatementHead,
  pages: AsyncIterable<StatementLine[]>,
  hub: string,
  latest: string,
): AsyncGenerator<string> {
  const { party, name, currency, openingMinor, closingMinor } = head;
  const to = head.to ?? latest;
  const from = head.from ?? beginning;
  const id = statementIdOf(head);
  const statement = {
    messageId: id,
    createdAt: to,
    statementId: id,
    from,
    to,
    account: { other: accountNumberOf(party) },
    owner: name.slice(0, mostName),
    servicer: { name: hub },
    currency,
    opening: { amountMinor: BigInt(openingMinor), on: from.slice(0, 10) },
    closing: { amountMinor: BigInt(closingMinor), on: to.slice(0, 10) },
  };
  return writePartyStatement(statement, entriesOf(pages));
}

const beginning = '1970-01-01T00:00:00.000Z';

async function* entriesOf(pages: AsyncIterable<StatementLine[]>): AsyncGenerator<PartyStatementEntry> {
  const numbering = { position: '', number: 0 };
  for await (const lines of pages) {
    for (const line of lines) {
      if (line.external) continue;
      const isNext = line.position === numbering.position;
      Object.assign(numbering, { position: line.position, number: isNext ? numbering.number + 1 : 1 });
      yield entryOf(line, numbering.number);
    }
  }
}

/** The reference is the fact's place in the log, and which of its lines it is. */
function entryOf({ position, at, kind, ref, counterparty, amountMinor }: StatementLine, number: number): PartyStatementEntry {
  const isShort = ref.length <= mostReference;
  return {
    reference: `${position}.${number}`,
    amountMinor,
    ...(takesBack(kind) && { isReversal: true }),
    bookedAt: at,
    kind: kind.slice(0, mostKind),
    issuer,
    ...(isShort && { endToEndId: ref }),
    counterparty,
    information: `${kind} ${ref}`.slice(0, mostInformation),
  };
}

const takesBack = (kind: string): boolean => kind.startsWith('refund:') || kind.startsWith('dispute:') || kind.endsWith('-returned');
