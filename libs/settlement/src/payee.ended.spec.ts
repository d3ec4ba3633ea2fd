import { describe, expect, it } from '@jest/globals';
import type { BankAccountApproved, ParticipantEvent } from '@tongbao/contracts';
import { insteadOf, payeeFold } from './payee.ended.js';

const party = 'platform:A';
const at = (hour: number) => new Date(Date.UTC(2026, 1, 1, hour)).toISOString();
const approved = (accountNumber: string, hour: number, currency?: string, inForceHour = hour): BankAccountApproved => ({
  ...{ type: 'BankAccountApproved', party, ...(currency !== undefined && { currency }), proposalId: `p${hour}`, bank: 'x' },
  ...{ accountNumber, holder: 'A Ltd', by: 'operator:kim', note: 'called them', approvedAt: at(hour), inForceAt: at(inForceHour) },
});
const ended = (accountNumber: string, hour: number): ParticipantEvent => ({
  ...{ type: 'BankAccountEnded', party, currency: 'USD', proposalId: `e${hour}`, accountNumber, by: 'operator:lee' },
  ...{ note: 'called them', endedAt: at(hour) },
});
const set: ParticipantEvent = { type: 'BankAccountSet', party, bank: 'x', accountNumber: '0', holder: 'A Ltd' };
const stopped: ParticipantEvent = {
  ...{ type: 'BankAccountChangeStopped', party, currency: 'USD', proposalId: 'p4', by: 'operator:lee', reason: 'fraud' },
};
const general = { accountNumber: '0', holder: 'A Ltd' };
const own = approved('1', 1, 'USD');
const anew = { accountNumber: '1', holder: 'A Ltd' };
const next = { accountNumber: '5', holder: 'A Ltd' };
const bic = 'CHASUS33XXX';
const otherBank: ParticipantEvent = { ...approved('1', 4, 'USD'), bic };

/** Of what was asked for to account 1 in dollars. */
describe('what was asked for to an account', () => {
  it.each<[string, ParticipantEvent[], number, ReturnType<typeof insteadOf>]>([
    ['goes there while nothing is ended', [set, own], 9, undefined],
    ['goes there though a change is in force by now: it was asked for before', [set, own, approved('2', 2, 'USD')], 9, undefined],
    ['goes to the one that serves all currencies, once its own is ended', [set, own, ended('1', 3)], 9, general],
    ['goes nowhere where nothing serves', [own, ended('1', 3)], 9, null],
    [
      'goes to the next one of the currency',
      [set, own, ended('1', 3), approved('4', 4, 'USD')],
      9,
      { accountNumber: '4', holder: 'A Ltd' },
    ],
    [
      'goes to the one that serves meanwhile, while the next one cools',
      [set, own, ended('1', 3), approved('4', 4, 'USD', 28)],
      27,
      general,
    ],
    ['waits while the next one cools, where nothing serves', [own, ended('1', 3), approved('4', 4, 'USD', 28)], 27, null],
    ['waits where the next one is stopped', [own, ended('1', 3), approved('4', 4, 'USD', 28), stopped], 29, null],
    ['goes there where it was approved anew and is in force', [set, own, ended('1', 3), approved('1', 4, 'USD')], 9, anew],
    ['goes there once that has cooled', [set, own, ended('1', 3), approved('1', 4, 'USD', 28)], 28, anew],
    ['does not go there while that still cools', [set, own, ended('1', 3), approved('1', 4, 'USD', 28)], 27, general],
    ['waits while that still cools, where nothing serves', [own, ended('1', 3), approved('1', 4, 'USD', 28)], 27, null],
    ['never goes there where that is stopped', [set, own, ended('1', 3), approved('1', 4, 'USD', 28), stopped], 29, general],
    ['waits where that is stopped, and nothing serves', [own, ended('1', 3), approved('1', 4, 'USD', 28), stopped], 29, null],
    ['goes to the way that the same number was approved by anew', [set, own, ended('1', 3), otherBank], 9, { ...anew, route: { bic } }],
    [
      'goes to what has replaced the one that was approved anew',
      [own, ended('1', 3), approved('1', 4, 'USD'), approved('5', 5, 'USD')],
      9,
      next,
    ],
    ['goes there where it serves all currencies, too', [approved('1', 0), own, ended('1', 3)], 9, anew],
  ])('%s', (_, history, hour, expected) => {
    const places = history.reduce(payeeFold.evolve, payeeFold.initial);
    expect(insteadOf('1', places, 'USD', at(hour))).toEqual(expected);
  });

  it('in another currency is not touched', () => {
    const places = [set, own, ended('1', 3)].reduce(payeeFold.evolve, payeeFold.initial);
    expect(insteadOf('1', places, 'EUR', at(9))).toBeUndefined();
  });
});
