import { describe, expect, it } from '@jest/globals';
import type { PayeeAccount } from '@tongbao/contracts';
import type { Decision } from '@tongbao/event-store';
import {
  accountInForce,
  decideBankAccount,
  evolveBankAccounts,
  noBankAccounts,
  type BankAccountCommand,
  type BankAccountEvent,
  type BankAccountRefusal,
  type BankAccounts,
} from './bank-account.decide.js';

const party = 'platform:A';
const hour = 3_600_000;
const at = (hours: number) => new Date(Date.UTC(2026, 1, 1) + hours * hour).toISOString();
const first: PayeeAccount = { bank: 'icbc', accountNumber: '6222-1', holder: 'A Ltd' };
const second: PayeeAccount = { ...first, accountNumber: '6222-2', bic: 'ICBKCNBJ', mandate: { mandateId: 'M1', signedOn: '2026-01-01' } };
const third: PayeeAccount = { ...first, accountNumber: '6222-3' };

const set: BankAccountEvent = { type: 'BankAccountSet', party, ...first };
const proposed = (proposalId: string, account: PayeeAccount, hours: number): BankAccountEvent => ({
  type: 'BankAccountProposed',
  party,
  proposalId,
  ...account,
  by: 'operator:jo',
  proposedAt: at(hours),
});
const approved = (proposalId: string, account: PayeeAccount, hours: number, inForce: number): BankAccountEvent => ({
  type: 'BankAccountApproved',
  party,
  proposalId,
  ...account,
  by: 'operator:kim',
  note: 'called them',
  approvedAt: at(hours),
  inForceAt: at(inForce),
});
const rejected: BankAccountEvent = { type: 'BankAccountRejected', party, proposalId: 'p1', by: 'operator:kim', reason: 'no' };
const stopped: BankAccountEvent = { type: 'BankAccountChangeStopped', party, proposalId: 'p2', by: 'operator:lee', reason: 'fraud' };

const propose = (account: PayeeAccount, proposalId = 'p9', hours = 10, by = 'operator:jo'): BankAccountCommand => ({
  type: 'ProposeBankAccount',
  proposalId,
  account,
  by,
  now: at(hours),
});
const approve = (proposalId: string, by = 'operator:kim', hours = 10): BankAccountCommand => ({
  type: 'ApproveBankAccount',
  proposalId,
  by,
  note: 'called them',
  now: at(hours),
  coolingMs: 24 * hour,
});
const reject = (proposalId: string, by = 'operator:kim'): BankAccountCommand => ({
  type: 'RejectBankAccount',
  proposalId,
  by,
  reason: 'no',
});
const stop = (proposalId: string, hours: number): BankAccountCommand => ({
  type: 'StopBankAccountChange',
  proposalId,
  by: 'operator:lee',
  reason: 'fraud',
  now: at(hours),
});

const endProposed = (proposalId: string, hours: number): BankAccountEvent => ({
  ...{ type: 'BankAccountEndProposed', party, currency: 'USD', proposalId, by: 'operator:jo', reason: 'closed' },
  proposedAt: at(hours),
});
const endedAt = (proposalId: string, hours: number): BankAccountEvent => ({
  ...{ type: 'BankAccountEnded', party, currency: 'USD', proposalId, accountNumber: second.accountNumber, by: 'operator:kim' },
  ...{ note: 'called them', endedAt: at(hours) },
});
const end = (proposalId = 'e1', currency = 'USD', hours = 10): BankAccountCommand => ({
  ...{ type: 'ProposeBankAccountEnd', proposalId, currency, by: 'operator:jo', reason: 'closed' },
  now: at(hours),
});
const inUsd = (event: BankAccountEvent): BankAccountEvent => ({ ...event, currency: 'USD' }) as BankAccountEvent;

const firstInForce = [proposed('p1', first, 0), approved('p1', first, 0, 0)];
const changeCooling = [...firstInForce, proposed('p2', second, 8), approved('p2', second, 10, 34)];

const fold = (events: readonly BankAccountEvent[]): BankAccounts => events.reduce(evolveBankAccounts, noBankAccounts);
const given = (history: readonly BankAccountEvent[]) => ({
  when: (command: BankAccountCommand) => ({
    then: (expected: Decision<BankAccountEvent, BankAccountRefusal>) =>
      expect(decideBankAccount(party, command, fold(history))).toEqual(expected),
  }),
});

describe('an account of one currency', () => {
  const own = [...firstInForce, inUsd(proposed('p2', second, 1)), inUsd(approved('p2', second, 2, 2))];
  const waits = [...own, endProposed('e1', 10)];
  const ended = [...waits, endedAt('e1', 10)];

  it.each<[string, BankAccountEvent[], BankAccountCommand, BankAccountEvent[]]>([
    ['is proposed to be ended', own, end(), [endProposed('e1', 10)]],
    ['proposed twice is one proposal', waits, end('e2'), []],
    ['is ended at once by the approval of another', waits, approve('e1'), [endedAt('e1', 10)]],
    ['is ended once', ended, approve('e1'), []],
    ['is kept where the end is rejected', waits, reject('e1'), [{ ...rejected, currency: 'USD', proposalId: 'e1' }]],
    [
      'that was ended is proposed anew',
      ended,
      { ...propose(third), currency: 'USD' } as BankAccountCommand,
      [inUsd(proposed('p9', third, 10))],
    ],
    [
      'that is proposed anew cools, whatever served before: nobody gets round that',
      [...own.slice(2), ...ended.slice(4), inUsd(proposed('p3', third, 10))],
      approve('p3'),
      [inUsd(approved('p3', third, 10, 34))],
    ],
  ])('%s', (_, history, command, events) => given(history).when(command).then({ events }));

  it.each<[string, BankAccountEvent[], BankAccountCommand, BankAccountRefusal]>([
    ['that there is not is not ended', firstInForce, end(), 'not_found'],
    ['of another currency is not ended', own, end('e1', 'EUR'), 'not_found'],
    ['is not ended twice', ended, end('e2'), 'not_found'],
    ['is not ended by whoever proposed it', waits, approve('e1', 'operator:jo'), 'four_eyes'],
    ['is not ended under another name', waits, approve('e2'), 'not_found'],
    ['is not changed while its end waits', waits, { ...propose(third), currency: 'USD' } as BankAccountCommand, 'state_conflict'],
    ['is not to be ended while a change waits', [...own, inUsd(proposed('p3', third, 3))], end(), 'state_conflict'],
    [
      'is not ended while a change cools: that is stopped first',
      [...own, inUsd(proposed('p3', third, 3)), inUsd(approved('p3', third, 4, 28))],
      end(),
      'state_conflict',
    ],
    [
      'is not to be ended any more once the end is rejected',
      [...waits, { ...rejected, currency: 'USD', proposalId: 'e1' }],
      approve('e1'),
      'not_found',
    ],
  ])('%s', (_, history, command, refused) => given(history).when(command).then({ refused }));

  it('gives way to the one that serves all currencies', () => {
    expect(accountInForce(fold(own), 'USD', at(10))).toEqual(second);
    expect(accountInForce(fold(ended), 'USD', at(10))).toEqual(first);
  });
});

describe("a party's bank account", () => {
  it.each<[string, BankAccountEvent[], BankAccountCommand, BankAccountEvent[]]>([
    ['is proposed', [], propose(first), [proposed('p9', first, 10)]],
    ['is proposed again after a rejection', [proposed('p1', first, 0), rejected], propose(first), [proposed('p9', first, 10)]],
    ['that is proposed twice is one proposal', [proposed('p1', first, 0)], propose(first), []],
    ['that is in force need not be proposed', [set], propose(first), []],
    ['that comes into force need not be proposed again', changeCooling, propose(second, 'p9', 20), []],
    ['may be the one before again, once another is in force', changeCooling, propose(first, 'p9', 40), [proposed('p9', first, 40)]],
    ['that is the first is in force at once', [proposed('p1', first, 0)], approve('p1'), [approved('p1', first, 10, 10)]],
    [
      'that is changed waits for its cooling time',
      [...firstInForce, proposed('p2', second, 8)],
      approve('p2'),
      [approved('p2', second, 10, 34)],
    ],
    ['changed from one that was set waits, too', [set, proposed('p2', second, 8)], approve('p2'), [approved('p2', second, 10, 34)]],
    ['that is approved twice by the same person is approved once', changeCooling, approve('p2'), []],
    ['is rejected', [proposed('p1', first, 0)], reject('p1'), [rejected]],
    ['is taken back by whoever proposed it', [proposed('p1', first, 0)], reject('p1', 'operator:jo'), [{ ...rejected, by: 'operator:jo' }]],
    ['is stopped while it cools', changeCooling, stop('p2', 33), [stopped]],
  ])('%s', (_, history, command, events) => given(history).when(command).then({ events }));

  it.each<[string, BankAccountEvent[], BankAccountCommand, BankAccountRefusal]>([
    ['is not proposed while another one waits', [proposed('p1', first, 0)], propose(second), 'state_conflict'],
    ['is not approved where nothing is proposed', [set], approve('p1'), 'not_found'],
    ['is not approved under another proposal than was seen', [proposed('p1', first, 0)], approve('p0'), 'not_found'],
    ['is not approved once it is rejected', [proposed('p1', first, 0), rejected], approve('p1'), 'not_found'],
    ['is not approved by whoever proposed it', [proposed('p1', first, 0)], approve('p1', 'operator:jo'), 'four_eyes'],
    [
      'is not approved while another change cools',
      [...changeCooling, proposed('p3', third, 11)],
      approve('p3', 'operator:kim', 12),
      'state_conflict',
    ],
    ['is not rejected where nothing is proposed', firstInForce, reject('p1'), 'not_found'],
    ['is not stopped where nothing was approved', [set], stop('p2', 20), 'not_found'],
    ['is not stopped under another name', changeCooling, stop('p1', 20), 'not_found'],
    ['is not stopped once it is in force', changeCooling, stop('p2', 34), 'state_conflict'],
    ['is not stopped twice', [...changeCooling, stopped], stop('p2', 33), 'not_found'],
  ])('%s', (_, history, command, refused) => given(history).when(command).then({ refused }));

  it.each<[string, BankAccountEvent[], number, PayeeAccount | undefined]>([
    ['none before an approval', [proposed('p1', first, 0)], 99, undefined],
    ['the one that was set', [set], 1, first],
    ['the first one from its approval on', firstInForce, 0, first],
    ['the old one up to the end of the cooling time', changeCooling, 33.99, first],
    ['the new one from then on', changeCooling, 34, second],
    ['the old one for good, where the change was stopped', [...changeCooling, stopped], 99, first],
    [
      'the change before, while the next one cools',
      [...changeCooling, proposed('p3', third, 40), approved('p3', third, 41, 65)],
      50,
      second,
    ],
    ['the next one when it has cooled', [...changeCooling, proposed('p3', third, 40), approved('p3', third, 41, 65)], 65, third],
  ])('in force is %s', (_, history, hours, expected) => expect(accountInForce(fold(history), undefined, at(hours))).toEqual(expected));
});

describe("a party's bank account of one currency", () => {
  const inCurrency = (currency: string) => (event: BankAccountEvent) => (event.type === 'BankAccountSet' ? event : { ...event, currency });
  const [inUsd, inEur] = [inCurrency('USD'), inCurrency('EUR')] as const;
  const proposeInUsd = (account: PayeeAccount): BankAccountCommand => ({
    ...{ type: 'ProposeBankAccount', proposalId: 'p9', currency: 'USD', account, by: 'operator:jo', now: at(10) },
  });
  const usdWaits = inUsd(proposed('p2', second, 8));
  const usdCooling = [...firstInForce, usdWaits, inUsd(approved('p2', second, 10, 34))];
  const usdAlone = [inUsd(proposed('p1', first, 0)), inUsd(approved('p1', first, 0, 0))];

  it.each<[string, BankAccountEvent[], BankAccountCommand, BankAccountEvent[]]>([
    [
      'is proposed while one of all currencies waits',
      [proposed('p1', first, 0)],
      proposeInUsd(second),
      [inUsd(proposed('p9', second, 10))],
    ],
    [
      'is proposed while one of another currency waits',
      [inEur(proposed('p1', first, 0))],
      proposeInUsd(second),
      [inUsd(proposed('p9', second, 10))],
    ],
    ['that is proposed twice is one proposal', [usdWaits], proposeInUsd(second), []],
    ['that is in force need not be proposed', usdAlone, proposeInUsd(first), []],
    ['may be the one that serves all currencies', firstInForce, proposeInUsd(first), [inUsd(proposed('p9', first, 10))]],
    ['does not keep it from being proposed for all', usdAlone, propose(first), [proposed('p9', first, 10)]],
    ['is in force at once where the party is paid nowhere', [usdWaits], approve('p2'), [inUsd(approved('p2', second, 10, 10))]],
    [
      'is in force at once where the party is paid in other currencies alone',
      [inEur(proposed('p1', first, 0)), inEur(approved('p1', first, 0, 0)), usdWaits],
      approve('p2'),
      [inUsd(approved('p2', second, 10, 10))],
    ],
    ['cools where another account has served it', [...firstInForce, usdWaits], approve('p2'), [inUsd(approved('p2', second, 10, 34))]],
    ['cools where it is changed', [...usdAlone, usdWaits], approve('p2'), [inUsd(approved('p2', second, 10, 34))]],
    [
      'is approved while a change for all currencies cools',
      [...changeCooling, inUsd(proposed('p3', third, 11))],
      approve('p3', 'operator:kim', 12),
      [inUsd(approved('p3', third, 12, 36))],
    ],
    [
      'leaves the first one of all the others in force at once',
      [...usdAlone, proposed('p2', second, 8)],
      approve('p2'),
      [approved('p2', second, 10, 10)],
    ],
    ['is rejected by its proposal', [proposed('p3', third, 0), inUsd(proposed('p1', first, 0))], reject('p1'), [inUsd(rejected)]],
    ['is stopped while it cools', usdCooling, stop('p2', 33), [inUsd(stopped)]],
  ])('%s', (_, history, command, events) => given(history).when(command).then({ events }));

  it.each<[string, BankAccountEvent[], BankAccountCommand, BankAccountRefusal]>([
    ['is not proposed while another one of it waits', [usdWaits], proposeInUsd(third), 'state_conflict'],
    ['is not approved by whoever proposed it', [usdWaits], approve('p2', 'operator:jo'), 'four_eyes'],
    [
      'is not approved while another change of it cools',
      [...usdCooling, inUsd(proposed('p3', third, 11))],
      approve('p3'),
      'state_conflict',
    ],
    ['is not stopped once it is in force', usdCooling, stop('p2', 34), 'state_conflict'],
    ['is not stopped twice', [...usdCooling, inUsd(stopped)], stop('p2', 33), 'not_found'],
  ])('%s', (_, history, command, refused) => given(history).when(command).then({ refused }));

  it.each<[string, BankAccountEvent[], number, (PayeeAccount | undefined)[]]>([
    ['the one of all currencies, while there is none', firstInForce, 1, [first, first]],
    ['the one of all currencies, while its own cools', usdCooling, 33.99, [first, first]],
    ['its own from then on; the others stay', usdCooling, 34, [second, first]],
    ['the one of all currencies for good, where its own was stopped', [...usdCooling, inUsd(stopped)], 99, [first, first]],
    ['its own, whatever is changed for all the others', [...usdAlone, ...changeCooling], 34, [first, second]],
    ['none for the others, where it alone has one', usdAlone, 1, [first, undefined]],
  ])('in force is %s', (_, history, hours, expected) =>
    expect(['USD', 'CNY'].map((currency) => accountInForce(fold(history), currency, at(hours)))).toEqual(expected),
  );
});
