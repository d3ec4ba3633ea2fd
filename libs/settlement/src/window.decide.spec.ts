import { describe, expect, it } from '@jest/globals';
import type { WindowEvent } from '@tongbao/contracts';
import type { Decision } from '@tongbao/event-store';
import { decideWindow, type WindowCommand, type WindowRefusal } from './window.decide.js';
import { windowFold } from './window.js';

const window = { windowId: 'dnm_USD_000002', model: 'dnm', currency: 'USD', sequence: 2 };
const now = '2026-01-02T00:00:00Z';
const opened: WindowEvent = { type: 'WindowOpened', ...window, openedAt: now };
const closed: WindowEvent = { type: 'WindowClosed', ...window, nextWindowId: 'dnm_USD_000003', closedAt: now, by: 'operator:fin' };
const claimed = (settlementId = 's1'): WindowEvent => ({ type: 'WindowClaimed', ...window, settlementId });
const released: WindowEvent = { type: 'WindowReleased', ...window, settlementId: 's1' };
const settled: WindowEvent = { type: 'WindowSettled', ...window, settlementId: 's1' };

const open: WindowCommand = { type: 'OpenWindow', model: 'dnm', currency: 'USD', sequence: 2, now };
const close: WindowCommand = { type: 'CloseWindow', by: 'operator:fin', now };
const claim = (settlementId = 's1', previous: Extract<WindowCommand, { type: 'ClaimWindow' }>['previous'] = 'settled'): WindowCommand => ({
  type: 'ClaimWindow',
  settlementId,
  previous,
});
const release = (settlementId = 's1'): WindowCommand => ({ type: 'ReleaseWindow', settlementId });
const settle = (settlementId = 's1'): WindowCommand => ({ type: 'SettleWindow', settlementId });

const histories = {
  none: [],
  open: [opened],
  closed: [opened, closed],
  settling: [opened, closed, claimed()],
  released: [opened, closed, claimed(), released],
  settled: [opened, closed, claimed(), settled],
} satisfies Record<string, WindowEvent[]>;

const given = (history: WindowEvent[]) => ({
  when: (command: WindowCommand) => ({
    then: (expected: Decision<WindowEvent, WindowRefusal>) =>
      expect(decideWindow(command, history.reduce(windowFold.evolve, windowFold.initial))).toEqual(expected),
  }),
});

describe('a window', () => {
  it.each<[string, keyof typeof histories, WindowCommand, WindowEvent[]]>([
    ['is opened', 'none', open, [opened]],
    ['opened again is the same window', 'open', open, []],
    ['opened again after it was closed stays closed', 'closed', open, []],
    ['is closed, and names the next one', 'open', close, [closed]],
    ['is claimed by a settlement', 'closed', claim(), [claimed()]],
    ['that was released is claimed by another settlement', 'released', claim('s2'), [claimed('s2')]],
    ['claimed again by the same settlement stays claimed', 'settling', claim(), []],
    ['is claimed as the first of its model', 'closed', claim('s1', 'none'), [claimed()]],
    ['is claimed together with the one before it', 'closed', claim('s1', 'same_settlement'), [claimed()]],
    ['is claimed after one whose settlement is past abort', 'closed', claim('s1', 'past_abort'), [claimed()]],
    ['is released by its settlement', 'settling', release(), [released]],
    ['released again stays free', 'released', release(), []],
    ['is settled by its settlement', 'settling', settle(), [settled]],
    ['settled again stays settled', 'settled', settle(), []],
  ])('%s', (_, history, command, events) => given(histories[history]).when(command).then({ events }));

  it.each<[WindowRefusal, string, keyof typeof histories, WindowCommand]>([
    ['not_found', 'closing one that does not exist', 'none', close],
    ['not_found', 'claiming one that does not exist', 'none', claim()],
    ['not_found', 'releasing one that does not exist', 'none', release()],
    ['not_found', 'settling one that does not exist', 'none', settle()],
    ['window_not_open', 'closing a closed one', 'closed', close],
    ['window_not_open', 'closing one that is being settled', 'settling', close],
    ['window_not_open', 'closing a settled one', 'settled', close],
    ['window_not_closed', 'claiming an open one', 'open', claim()],
    ['window_not_closed', 'releasing an open one', 'open', release()],
    ['window_not_closed', 'settling an open one', 'open', settle()],
    ['window_claimed', 'claiming what another settlement has', 'settling', claim('s2')],
    ['window_claimed', 'claiming what another settlement has settled', 'settled', claim('s2')],
    ['window_claimed', 'releasing what another settlement has', 'settling', release('s2')],
    ['window_claimed', 'settling what another settlement has', 'settling', settle('s2')],
    ['state_conflict', 'releasing what it has settled', 'settled', release()],
    ['state_conflict', 'settling one that nobody has claimed', 'closed', settle()],
    ['previous_window_unsettled', 'claiming one before the window that comes first', 'closed', claim('s1', 'unsettled')],
  ])('refuses with %s: %s', (refused, _, history, command) => given(histories[history]).when(command).then({ refused }));

  it('is refused as claimed before the order of windows is looked at', () =>
    given(histories.settling).when(claim('s2', 'unsettled')).then({ refused: 'window_claimed' }));

  const commands = {
    open,
    close,
    'claim by s1': claim('s1'),
    'claim by s2': claim('s2'),
    'release by s1': release('s1'),
    'release by s2': release('s2'),
    'settle by s1': settle('s1'),
    'settle by s2': settle('s2'),
  };
  type Outcome = WindowRefusal | WindowEvent['type'] | 'as it was';
  /** Each command in each state; the one that has it is s1. */
  const transitions: Record<keyof typeof histories, Record<keyof typeof commands, Outcome>> = {
    none: {
      ...{ open: 'WindowOpened', close: 'not_found', 'claim by s1': 'not_found', 'claim by s2': 'not_found' },
      ...{ 'release by s1': 'not_found', 'release by s2': 'not_found', 'settle by s1': 'not_found', 'settle by s2': 'not_found' },
    },
    open: {
      ...{ open: 'as it was', close: 'WindowClosed', 'claim by s1': 'window_not_closed', 'claim by s2': 'window_not_closed' },
      ...{ 'release by s1': 'window_not_closed', 'release by s2': 'window_not_closed' },
      ...{ 'settle by s1': 'window_not_closed', 'settle by s2': 'window_not_closed' },
    },
    closed: {
      ...{ open: 'as it was', close: 'window_not_open', 'claim by s1': 'WindowClaimed', 'claim by s2': 'WindowClaimed' },
      ...{ 'release by s1': 'as it was', 'release by s2': 'as it was', 'settle by s1': 'state_conflict', 'settle by s2': 'state_conflict' },
    },
    released: {
      ...{ open: 'as it was', close: 'window_not_open', 'claim by s1': 'WindowClaimed', 'claim by s2': 'WindowClaimed' },
      ...{ 'release by s1': 'as it was', 'release by s2': 'as it was', 'settle by s1': 'state_conflict', 'settle by s2': 'state_conflict' },
    },
    settling: {
      ...{ open: 'as it was', close: 'window_not_open', 'claim by s1': 'as it was', 'claim by s2': 'window_claimed' },
      ...{ 'release by s1': 'WindowReleased', 'release by s2': 'window_claimed' },
      ...{ 'settle by s1': 'WindowSettled', 'settle by s2': 'window_claimed' },
    },
    settled: {
      ...{ open: 'as it was', close: 'window_not_open', 'claim by s1': 'as it was', 'claim by s2': 'window_claimed' },
      ...{ 'release by s1': 'state_conflict', 'release by s2': 'window_claimed' },
      ...{ 'settle by s1': 'as it was', 'settle by s2': 'window_claimed' },
    },
  };
  const states = Object.keys(histories) as (keyof typeof histories)[];
  it.each(states)('that is %s answers every command as it should', (state) => {
    const history = histories[state];
    const outcomes = Object.entries(commands).map(([name, command]): [string, Outcome] => {
      const decision = decideWindow(command, history.reduce(windowFold.evolve, windowFold.initial));
      return [name, 'refused' in decision ? decision.refused : (decision.events[0]?.type ?? 'as it was')];
    });
    expect(Object.fromEntries(outcomes)).toEqual(transitions[state]);
  });
});
