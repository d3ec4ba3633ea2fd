import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { AcceptedStatement, BankFileEvent } from '@tongbao/contracts';
import { bankFileFold, decideBankFile, type BankFileCommand, type BankFileRefusal } from './bank-file.js';
import { gapsOf } from './bank-statement.gaps.js';

const statement = (
  sequence: number,
  openingMinor: number,
  closingMinor: number,
  change: Partial<AcceptedStatement> = {},
): AcceptedStatement => ({
  ...{ statementId: `s${sequence}`, account: 'acc', currency: 'EUR', identities: [`id ${sequence}`], sequence, year: '2026', page: 1 },
  ...{ openingMinor, openingOn: '2026-02-02', closingMinor, closingOn: '2026-02-02' },
  ...change,
});
const read = (fileId: string, sequence: number, lines = 3) => ({
  ...{ bank: 'main', fileId, name: `${fileId}.xml`, message: 'camt.053.001.08', by: 'hub', stagedIn: `bankdata-main_${fileId}_0`, lines },
  statements: [statement(sequence, 0, 0)],
  reports: [],
});
const accepted = (fileId: string, sequence: number, linesBefore = 0): BankFileEvent => ({
  type: 'BankFileAccepted',
  ...read(fileId, sequence),
  linesBefore,
  acceptedAt: 'now',
});
const problem = { code: 'malformed', path: '/', detail: 'x' };
const rejected = (fileId: string): BankFileEvent => ({
  type: 'BankFileRejected',
  ...{ bank: 'main', fileId, name: `${fileId}.xml`, by: 'hub', problem, rejectedAt: 'now' },
});
const seen = (fileId: string): BankFileEvent => ({
  type: 'BankFileAcknowledged',
  bank: 'main',
  fileId,
  by: 'operator:fin',
  note: 'sent anew',
});
const accept = (fileId: string, sequence: number): BankFileCommand => ({
  type: 'AcceptFile',
  file: read(fileId, sequence),
  needsTwo: false,
  now: 'now',
});
const handIn = (by: string, fileId = 'a'): BankFileCommand => ({ type: 'ProposeFile', file: { ...read(fileId, 1), by }, now: 'now' });
const acceptOf = (by: string): BankFileCommand => ({ type: 'AcceptFile', file: { ...read('a', 1), by }, needsTwo: true, now: 'now' });
const handedIn: BankFileEvent = {
  type: 'BankFileProposed',
  ...{ bank: 'main', fileId: 'a', name: 'a.xml', message: 'camt.053.001.08', by: 'operator:fin' },
  proposedAt: 'now',
};
const reject = (fileId: string, code = 'malformed'): BankFileCommand => ({
  type: 'RejectFile',
  ...{ bank: 'main', fileId, name: `${fileId}.xml`, by: 'hub', problem: { ...problem, code }, now: 'now' },
});
const acknowledge = (fileId: string): BankFileCommand => ({
  type: 'AcknowledgeFile',
  bank: 'main',
  fileId,
  by: 'operator:fin',
  note: 'sent anew',
});
const decided = (history: BankFileEvent[], command: BankFileCommand) =>
  decideBankFile(command, history.reduce(bankFileFold.evolve, bankFileFold.initial));

describe('a file of a bank', () => {
  it.each<[string, BankFileEvent[], BankFileCommand, BankFileEvent[]]>([
    ['is accepted', [], accept('a', 1), [accepted('a', 1)]],
    ['is accepted behind the lines of those before', [accepted('a', 1)], accept('b', 2), [accepted('b', 2, 3)]],
    ['is accepted once', [accepted('a', 1)], accept('a', 1), []],
    ['that somebody hands in waits for another person', [], handIn('operator:fin'), [handedIn]],
    ['that the same person hands in again still waits', [handedIn], handIn('operator:fin'), []],
    ['that another person hands in, too, is proposed once', [handedIn], handIn('operator:boss'), []],
    ['that was accepted is not proposed', [accepted('a', 1)], handIn('operator:fin'), []],
    ['that nobody has handed in before is not accepted for one person', [], acceptOf('operator:fin'), []],
    ['that one person has handed in is not accepted for the same', [handedIn], acceptOf('operator:fin'), []],
    [
      'that another person has handed in before is accepted',
      [handedIn],
      acceptOf('operator:boss'),
      [{ ...accepted('a', 1), by: 'operator:boss', proposedBy: 'operator:fin' } as BankFileEvent],
    ],
    ['that waits and comes by itself is accepted', [handedIn], accept('a', 1), [accepted('a', 1)]],
    ['is rejected', [], reject('a'), [rejected('a')]],
    ['is rejected once for the same', [rejected('a')], reject('a'), []],
    ['is rejected again once somebody had seen to it', [rejected('a'), seen('a')], reject('a'), [rejected('a')]],
    ['that was accepted is not rejected', [accepted('a', 1)], reject('a'), []],
    ['that was rejected is accepted once its cause is mended', [rejected('a')], accept('a', 1), [accepted('a', 1)]],
    ['that was rejected is seen to', [rejected('a')], acknowledge('a'), [seen('a')]],
  ])('%s', (_, history, command, events) => expect(decided(history, command)).toEqual({ events }));

  it.each<[BankFileRefusal, string, BankFileEvent[], BankFileCommand]>([
    ['statement_known', 'a statement of another file', [accepted('a', 1)], accept('b', 1)],
    ['statement_known', 'a statement of another file that somebody hands in', [accepted('a', 1)], handIn('operator:fin', 'b')],
    ['not_found', 'seeing to what was not rejected', [accepted('a', 1)], acknowledge('a')],
    ['state_conflict', 'seeing to it twice', [rejected('a'), seen('a')], acknowledge('a')],
    ['state_conflict', 'seeing to what was accepted since', [rejected('a'), accepted('a', 1)], acknowledge('a')],
  ])('refuses with %s: %s', (refused, _, history, command) => expect(decided(history, command)).toEqual({ refused }));
});

describe('statements', () => {
  const kinds = (...statements: AcceptedStatement[]) => gapsOf(statements).map(({ kind, after, before }) => `${kind} ${after} ${before}`);

  it.each<[string, AcceptedStatement[], string[]]>([
    ['that follow one another have no gap', [statement(1, 0, 5), statement(2, 5, 9)], []],
    ['that come in another order have none, either', [statement(2, 5, 9), statement(1, 0, 5)], []],
    ['of which one is missing have a gap', [statement(1, 0, 5), statement(3, 5, 9)], ['number_missing s1 s3']],
    ['whose balances do not meet have a gap', [statement(1, 0, 5), statement(2, 6, 9)], ['balance_differs s1 s2']],
    ['of two accounts are looked at apart', [statement(1, 0, 5), statement(7, 3, 9, { account: 'other' })], []],
    ['of two years begin again with 1', [statement(250, 0, 5), statement(1, 5, 9, { year: '2027' })], []],
    ['of two pages follow by their balances', [statement(1, 0, 5), statement(1, 5, 9, { page: 2, statementId: 's1b' })], []],
    [
      'without numbers are in the order in which they came',
      [statement(1, 0, 5, { sequence: undefined }), statement(2, 7, 9, { sequence: undefined })],
      ['balance_differs s1 s2'],
    ],
  ])('%s', (_, statements, expected) => expect(kinds(...statements)).toEqual(expected));

  it('in whatever order they come, and whichever is left out, only that one is missed', () =>
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: -500, max: 500 }), { minLength: 3, maxLength: 12 }),
        fc.nat(),
        fc.infiniteStream(fc.nat()),
        (moves, left, keys) => {
          let balance = 0;
          const all = moves.map((move, index) => statement(index + 1, balance, (balance += move)));
          const missing = 1 + (left % (all.length - 2));
          const shuffled = all
            .filter((_, index) => index !== missing)
            .map((each) => [Number(keys.next().value), each] as const)
            .sort(([one], [other]) => one - other)
            .map(([, each]) => each);
          expect(gapsOf(shuffled).map(({ detail }) => detail)).toEqual([`number ${missing + 1} is missing`]);
        },
      ),
    ));
});
