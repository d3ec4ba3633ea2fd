import { describe, expect, it } from '@jest/globals';
import {
  consumerFindings,
  ledgerFindings,
  positionFinding,
  projectionFindings,
  windowFinding,
  type GroupStatus,
  type TrialBalance,
} from './doctor.checks.js';

const topic = { topic: 't', position: '9', head: '9', open: 0, paused: [], failed: [] };

describe('what the doctor says of a consumer group', () => {
  it.each<[string, Partial<GroupStatus>, boolean]>([
    ['that runs', {}, true],
    ['that lags, with messages in hand', { topics: [{ ...topic, position: '3', open: 5 }] }, true],
    ['that has stopped', { state: 'stopped' }, false],
    ['whose topic stands still', { topics: [{ ...topic, error: 'the store is down' }] }, false],
    ['with a partition that waits', { topics: [{ ...topic, paused: [{ partition: 3, since: '07:00', error: 'it is down' }] }] }, false],
    ['with a partition that stands still', { topics: [{ ...topic, failed: [{ partition: 3, error: 'a bug' }] }] }, false],
    ['with a parked key', { parkedKeys: [{ topic: 't', key: 'k', deadLetters: 2 }] }, false],
  ])('%s', (_, change, passed) => {
    const [finding] = consumerFindings([{ group: 'ledger', state: 'running', topics: [topic], parkedKeys: [], ...change }]);
    expect(finding).toMatchObject({ check: 'consumer group ledger', passed });
  });
});

describe('what the doctor says of the ledger', () => {
  const trial: TrialBalance = {
    currencies: [{ currency: 'CNY', accounts: 3, cashMinor: 1_000, clientMoneyMinor: 900 }],
    checks: [
      { check: 'sums_to_zero', currency: 'CNY', passed: true, differenceMinor: 0 },
      { check: 'client_money_covered', currency: 'CNY', passed: false, differenceMinor: 150 },
    ],
    openLines: [{ account: 'hub:suspense', currency: 'CNY', ref: 'pay_1', amountMinor: 5, kind: 'CaptureConflicted', ageSeconds: 60 }],
    openLineCount: 1,
  };

  it('names each check, and by how much it is off', () =>
    expect(ledgerFindings(trial)).toEqual([
      { check: 'ledger: balances sum to zero, CNY', passed: true, detail: 'over 3 accounts' },
      { check: "ledger: clients' money is covered by cash, CNY", passed: false, detail: 'off by 1.50 CNY' },
      { check: 'ledger: lines open in transit and suspense', passed: true, detail: '1, the oldest for 60 s: CaptureConflicted of pay_1' },
    ]));
});

describe('what the doctor says of positions', () => {
  const at = (party: string, positionMinor: number, currency = 'CNY') => ({ party, currency, positionMinor });

  it('is good when settlement and ledger agree, an empty account being none', () =>
    expect(positionFinding([at('platform:A', 5)], [at('platform:A', 5), at('platform:B', 0)]).passed).toBe(true));

  it.each([
    ['differ', [at('platform:A', 5)], [at('platform:A', 6)]],
    ['differ in a currency', [at('platform:A', 5)], [at('platform:A', 5, 'USD')]],
    ['are only in the ledger', [], [at('platform:A', 6)]],
    ['are only in settlement', [at('platform:A', 5)], []],
  ])('is bad when they %s', (_, positions, balances) => {
    const finding = positionFinding(positions, balances);
    expect(finding.passed).toBe(false);
    expect(finding.detail).toContain('platform:A CNY');
  });
});

describe('what the doctor says of closed windows', () => {
  const window = (ledger: { netMinor: number; sides: number }) => ({
    windowId: 'w1',
    parties: [{ party: 'platform:A', netMinor: 900, sides: 2, ledger }],
  });

  it('is good when the ledger moved the same for the same facts', () =>
    expect(windowFinding([window({ netMinor: 900, sides: 2 })])).toMatchObject({ passed: true, detail: '1 nets of 1 closed windows' }));

  it.each([
    ['another amount', { netMinor: 899, sides: 2 }],
    ['another number of sides', { netMinor: 900, sides: 3 }],
  ])('is bad when it moved %s', (_, ledger) =>
    expect(windowFinding([window(ledger)])).toMatchObject({ passed: false, detail: expect.stringContaining('platform:A in w1') }),
  );
});

describe('what the doctor says of a projection', () => {
  const status = { name: 'ledger', version: 1, generation: 1, position: '5', head: '9', state: 'running' };

  it('is good while it runs, even behind', () =>
    expect(projectionFindings([status])[0]).toMatchObject({ passed: true, detail: 'running, version 1, at position 5 of 9' }));

  it('is bad when it has failed', () =>
    expect(projectionFindings([{ ...status, state: 'failed', error: 'the fold threw' }])[0]).toMatchObject({
      passed: false,
      detail: 'the fold threw',
    }));
});
