import { beforeEach, describe, expect, it } from '@jest/globals';
import type { ParticipantEvent } from '@tongbao/contracts';
import { MemoryRows } from '../test/memory-rows.js';
import { PayeeAccounts, toPayoutAccount } from './payee.accounts.js';
import { foldParticipant } from './payee.fold.js';
import { SettlementRows } from './settlement.rows.js';

const party = 'platform:A';
const at = (hour: number) => new Date(Date.UTC(2026, 1, 1, hour)).toISOString();
const account = (accountNumber: string) => ({ bank: 'x', accountNumber, holder: 'A Ltd' });
const approved = (proposalId: string, accountNumber: string, approvedHour: number, inForceHour: number): ParticipantEvent => ({
  type: 'BankAccountApproved',
  party,
  proposalId,
  ...account(accountNumber),
  by: 'operator:kim',
  note: 'called them',
  approvedAt: at(approvedHour),
  inForceAt: at(inForceHour),
});
const stopped: ParticipantEvent = { type: 'BankAccountChangeStopped', party, proposalId: 'p2', by: 'operator:lee', reason: 'fraud' };
const ended: ParticipantEvent = {
  ...{ type: 'BankAccountEnded', party, currency: 'USD', proposalId: 'p3', accountNumber: '2', by: 'operator:lee', note: 'called them' },
  endedAt: at(30),
};
const proposed: ParticipantEvent = {
  type: 'BankAccountProposed',
  party,
  proposalId: 'p9',
  ...account('9'),
  by: 'operator:jo',
  proposedAt: at(0),
};
const set: ParticipantEvent = { type: 'BankAccountSet', party, ...account('0') };

describe('where a party is paid', () => {
  let rows: MemoryRows;
  beforeEach(() => {
    rows = new MemoryRows();
  });
  const inForceAt = async (history: ParticipantEvent[], hour: number, currency = 'CNY') => {
    for (const event of history) await foldParticipant(event, new SettlementRows(rows));
    return new PayeeAccounts(rows.all('payeeAccounts'), at(hour)).of(party, currency)?.accountNumber;
  };
  const inUsd = (event: ParticipantEvent): ParticipantEvent =>
    event.type === 'BankAccountApproved' || event.type === 'BankAccountChangeStopped' ? { ...event, currency: 'USD' } : event;
  const change = [approved('p1', '1', 1, 1), approved('p2', '2', 2, 26)];

  it.each<[string, ParticipantEvent[], number, string | undefined]>([
    ['nowhere, by a proposal', [proposed], 5, undefined],
    ['what was set, at once', [set], 0, '0'],
    ['the first account, at once', [approved('p1', '1', 1, 1)], 1, '1'],
    ['the old account, until the change has cooled', change, 25, '1'],
    ['the new one from then on', change, 26, '2'],
    ['the old one for good, once the change is stopped', [...change, stopped], 99, '1'],
    ['the new one, while the next change cools', [...change, approved('p3', '3', 27, 51)], 50, '2'],
    ['what was set before, until the change has cooled', [set, approved('p2', '2', 2, 26)], 25, '0'],
  ])('is %s', async (_, history, hour, expected) => expect(await inForceAt(history, hour)).toBe(expected));

  const ownOfUsd = [set, inUsd(approved('p2', '2', 2, 26))];
  it.each<[string, ParticipantEvent[], number, (string | undefined)[]]>([
    ['what serves all currencies, while its own cools', ownOfUsd, 25, ['0', '0']],
    ['its own from then on, and the others stay', ownOfUsd, 26, ['0', '2']],
    ['what serves all currencies for good, once its own is stopped', [...ownOfUsd, inUsd(stopped)], 99, ['0', '0']],
    ['its own, whatever becomes of the others', [inUsd(approved('p9', '9', 1, 1)), ...change], 26, ['2', '9']],
    ['its own, and nowhere in others', [inUsd(approved('p1', '1', 1, 1))], 1, [undefined, '1']],
    ['the same, whose change another stop does not touch', [...ownOfUsd, stopped], 26, ['0', '2']],
    ['what serves all currencies, once its own is ended', [...ownOfUsd, ended], 99, ['0', '0']],
    ['nowhere, once its own is ended and nothing serves all', [inUsd(approved('p1', '1', 1, 1)), ended], 1, [undefined, undefined]],
    ['a new one of its own after that', [...ownOfUsd, ended, inUsd(approved('p4', '4', 40, 64))], 64, ['0', '4']],
  ])('in a currency is %s', async (_, history, hour, expected) => {
    await inForceAt(history, hour);
    expect([await inForceAt([], hour, 'CNY'), await inForceAt([], hour, 'USD')]).toEqual(expected);
  });

  it('is told with the way to it', () =>
    expect(
      toPayoutAccount({
        ...account('1'),
        bic: 'ICBKCNBJ',
        clearing: { memberId: '7' },
        mandate: { mandateId: 'M', signedOn: '2026-01-01' },
      }),
    ).toEqual({
      accountNumber: '1',
      holder: 'A Ltd',
      route: { bic: 'ICBKCNBJ', clearing: { memberId: '7' }, mandate: { mandateId: 'M', signedOn: '2026-01-01' } },
    }));
});
