import { describe, expect, it } from '@jest/globals';
import type { TopicsApplied } from '@tongbao/bus';
import {
  clockFinding,
  databaseFinding,
  deadLettersFinding,
  groupFinding,
  leaseFinding,
  partitionsFinding,
  redisFinding,
  relayFindings,
  topicsFinding,
  type GroupState,
} from './doctor.cluster.checks.js';
import type { LeaseState } from './leases.js';
import type { RelayState } from './relay.command.js';
import type { TopicState } from './topics.state.js';

describe('what the doctor says of topics', () => {
  const applied = (change: Partial<TopicsApplied>): TopicsApplied => ({
    created: [],
    changed: [],
    unchanged: ['tongbao.a'],
    wrong: [],
    ...change,
  });

  it.each<[string, Partial<TopicsApplied>, boolean, string]>([
    ['as planned', {}, true, 'all 1'],
    ['with one missing', { created: ['tongbao.b'] }, false, 'tongbao.b is missing (topics apply mends'],
    [
      'with a setting that differs',
      { changed: [{ name: 'tongbao.b', settings: { 'retention.ms': '5' }, before: { 'retention.ms': '4' } }] },
      false,
      'tongbao.b lacks retention.ms=5',
    ],
    [
      'with too few partitions',
      { wrong: [{ name: 'tongbao.b', problem: 'has 3 partitions and must have 12' }] },
      false,
      'has 3 partitions',
    ],
  ])('%s', (_, change, passed, detail) => {
    const finding = topicsFinding(applied(change));
    expect(finding).toMatchObject({ passed });
    expect(finding.detail).toContain(detail);
  });

  const topic = (change: Partial<TopicState> = {}): TopicState => ({
    name: 'tongbao.a',
    partitions: 12,
    replicationFactor: 3,
    messages: 0,
    offline: 0,
    underReplicated: 0,
    ...change,
  });

  it('is good when every partition is led and copied', () =>
    expect(partitionsFinding([topic(), topic()])).toMatchObject({ passed: true, detail: '24 partitions of 2 topics' }));

  it('names partitions without a leader, and copies that are behind', () =>
    expect(partitionsFinding([topic({ offline: 2, underReplicated: 5 })])).toMatchObject({
      passed: false,
      detail: '2 partitions of tongbao.a have no leader; 5 partitions of tongbao.a have copies that are behind or away',
    }));

  it('asks for somebody where dead letters are open, and for nobody where they are done with', () => {
    const dead = [topic({ name: 'tongbao.a.ledger.dead', messages: 7 })];
    expect(deadLettersFinding([], new Map())).toMatchObject({ passed: true, detail: 'none' });
    expect(deadLettersFinding(dead, new Map([['ledger', 0]]))).toMatchObject({ passed: true, detail: 'none is open; 7 are done with' });
    expect(deadLettersFinding(dead, new Map([['ledger', 3]]))).toMatchObject({
      passed: false,
      detail: '3 of ledger wait for somebody (dead-letters list ledger)',
    });
  });
});

describe('what the doctor says of a consumer group on the brokers', () => {
  const state = (change: Partial<GroupState> = {}): GroupState => ({
    group: 'ledger',
    state: 'Stable',
    members: 2,
    lag: 0,
    saved: 10,
    ...change,
  });

  it.each<[string, Partial<GroupState>, Partial<GroupState>, boolean, string]>([
    ['that has nothing to do', {}, {}, true, '2 members, nothing behind'],
    ['that is behind and at work', { lag: 9 }, { lag: 8, saved: 11 }, true, '2 members, 8 messages behind'],
    ['that is behind and does not move', { lag: 9 }, { lag: 1_234 }, false, '1,234 messages wait, and it does not move'],
    ['without members', {}, { members: 0, state: 'Empty' }, false, 'no process is a member of it'],
    ['that shares its partitions out', {}, { state: 'PreparingRebalance' }, false, 'it is PreparingRebalance'],
  ])('%s', (_, before, now, passed, detail) => expect(groupFinding(state(before), state(now))).toMatchObject({ passed, detail }));
});

describe('what the doctor says of relays', () => {
  const relay = (change: Partial<RelayState> = {}): RelayState => ({
    service: 'payment',
    position: '7',
    saved: '7',
    head: '9',
    lagEvents: 0,
    lagSeconds: 0,
    state: 'running',
    ...change,
  });

  it.each<[string, RelayState[], boolean, string]>([
    ['one that has nothing to do', [relay()], true, 'at position 7, nothing behind'],
    ['one that is a little behind', [relay({ lagEvents: 2, lagSeconds: 1 })], true, 'at position 7, 2 events behind'],
    ['one that is far behind', [relay({ lagEvents: 2, lagSeconds: 40 })], false, 'is 40 s old'],
    ['one that stands still', [relay({ state: 'failed', error: 'a schema is broken' })], false, 'it is failed; a schema is broken'],
    ['none', [], false, 'none runs'],
    ['two', [relay(), relay()], false, '2 run'],
  ])('%s', (_, relays, passed, detail) => {
    const [finding] = relayFindings(relays, ['payment']);
    expect(finding).toMatchObject({ check: 'relay of payment', passed });
    expect(finding?.detail).toContain(detail);
  });
});

describe('what the doctor says of a leader', () => {
  const now = new Date('2026-01-01T00:00:10Z');
  const lease = (change: Partial<LeaseState> = {}): LeaseState => ({
    service: 'ledger',
    epoch: 4,
    holder: 'ledger 1',
    url: 'http://10.0.0.1:8080',
    ttlMs: 4_000,
    isReleased: false,
    heardAt: new Date('2026-01-01T00:00:09Z'),
    revision: 3,
    ...change,
  });

  it.each<[string, LeaseState | undefined, boolean, string]>([
    ['who was heard', lease(), true, 'http://10.0.0.1:8080, epoch 4, heard 1.0 s ago'],
    ['who has been silent for too long', lease({ heardAt: new Date('2026-01-01T00:00:05Z') }), false, 'may be silent for 4 s'],
    ['who has gone', lease({ isReleased: true }), false, 'nobody; the last one was http://10.0.0.1:8080'],
    ['who never was', undefined, false, 'there never was one'],
  ])('%s', (_, held, passed, detail) => {
    const finding = leaseFinding('ledger', held, now);
    expect(finding).toMatchObject({ check: 'leader of ledger', passed });
    expect(finding.detail).toContain(detail);
  });

  it.each<[number, boolean | undefined, string]>([
    [40, undefined, '0.0 s apart'],
    [-3_200, true, '3.2 s behind'],
    [3_200, true, '3.2 s ahead of'],
  ])('notes clocks that are %d ms apart', (aheadMs, warning, detail) => {
    const finding = clockFinding(aheadMs);
    expect(finding).toMatchObject({ passed: true });
    expect(finding.warning).toBe(warning);
    expect(finding.detail).toContain(detail);
  });
});

describe('what the doctor says of servers', () => {
  const entry = { generation: 2, version: 1, shape: 'x', position: 9n, live: true, epoch: 1, build: null };

  it('names the generation that queries read, and one that is being built', () => {
    expect(databaseFinding('ledger', [entry, { ...entry, generation: 3, version: 2, position: 4n, live: false }])).toEqual({
      check: 'PostgreSQL: tables of ledger',
      passed: true,
      detail: 'generation 2, version 1, at position 9; generation 3 (version 2) is being built, at 4',
    });
    expect(databaseFinding('ledger', [])).toMatchObject({ passed: false });
  });

  it('only notes that Redis is away', () => {
    expect(redisFinding(undefined)).toMatchObject({ passed: true });
    expect(redisFinding('it does not answer')).toMatchObject({ passed: true, warning: true });
  });
});
