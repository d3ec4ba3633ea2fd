import { describe, expect, it } from '@jest/globals';
import { topicPlan, type TopicsApplied } from '@tongbao/bus';
import { appliedText, forgetting } from './topics.command.js';

const changed = (settings: Record<string, string>, before: Record<string, string>): Pick<TopicsApplied, 'changed'> => ({
  changed: [{ name: 't', settings, before }],
});

describe('what a change of topics lets go sooner', () => {
  it.each<[string, Pick<TopicsApplied, 'changed'>, string[]]>([
    ['a shorter time to be read', changed({ 'retention.ms': '5' }, { 'retention.ms': '9' }), ['t: retention.ms 9 -> 5']],
    ['an end where there was none', changed({ 'retention.ms': '5' }, { 'retention.ms': '-1' }), ['t: retention.ms -1 -> 5']],
    [
      'another way to clean up',
      changed({ 'cleanup.policy': 'delete' }, { 'cleanup.policy': 'compact' }),
      ['t: cleanup.policy compact -> delete'],
    ],
    ['nothing by a longer time', changed({ 'retention.ms': '9' }, { 'retention.ms': '5' }), []],
    ['nothing by no end at all', changed({ 'retention.ms': '-1' }, { 'retention.ms': '5' }), []],
    ['nothing by other settings', changed({ 'min.insync.replicas': '1' }, { 'min.insync.replicas': '2' }), []],
  ])('%s', (_, applied, sooner) => expect(forgetting(applied)).toEqual(sooner));
});

describe('a plan in words', () => {
  it('says of each topic what is to be done, and what only a person can do', () => {
    const [first, second, third, ...others] = topicPlan({ replicationFactor: 1 });
    const text = appliedText(
      topicPlan({ replicationFactor: 1 }),
      {
        created: [first?.name ?? ''],
        changed: [{ name: second?.name ?? '', settings: { 'retention.ms': '9' }, before: { 'retention.ms': '5' } }],
        unchanged: others.map(({ name }) => name),
        wrong: [{ name: third?.name ?? '', problem: 'has 3 partitions and must have 12' }],
      },
      'to be ',
    );
    expect(text).toMatch(/tongbao\.payment\.commands +12 +1 +to be created/);
    expect(text).toMatch(/tongbao\.payment\.events .* to be changed +retention\.ms 5 -> 9/);
    expect(text).toMatch(/tongbao\.ledger\.commands .* WRONG +has 3 partitions/);
    expect(text).toContain(`1 to be created, 1 to be changed, ${others.length} as they must be, 1 wrong`);
  });
});
