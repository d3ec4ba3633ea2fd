import { beforeEach, describe, expect, it } from '@jest/globals';
import type { ParticipantEvent } from '@tongbao/contracts';
import { MemoryRows } from '../test/memory-rows.js';
import { accountInForce, foldParticipant, toPayoutAccount } from './payee.fold.js';
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
  const inForceAt = async (history: ParticipantEvent[], hour: number) => {
    for (const event of history) await foldParticipant(event, new SettlementRows(rows));
    const [row] = rows.all('payees');
    return row && accountInForce(row, at(hour))?.accountNumber;
  };
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
