import { describe, expect, it } from '@jest/globals';
import type { PayoutRunEvent, PreparedFile } from '@tongbao/contracts';
import { decidePayoutRun, payoutRunFold, runIdOf, type PayoutRunCommand, type PayoutRunRefusal } from './payout-run.js';

const reference = { runId: 'main-20260202-000001', bank: 'main' };
const run = {
  ...reference,
  ...{
    sequence: 1,
    reason: 'asked' as const,
    by: 'operator:fin',
    executionDate: '2026-02-02',
    collectionDate: '2026-02-07',
    closedAt: 'now',
  },
};
const file: PreparedFile = {
  ...{ messageId: 'm-1', name: 'm-1.xml', preparedAs: 'm-1.xml.1', message: 'pain.001.001.09', sha256: 'ab', transactions: 1, sums: [] },
};
const closed: PayoutRunEvent = { type: 'RunClosed', ...run };
const released: PayoutRunEvent = { type: 'RunReleased', ...reference, by: 'operator:boss' };
const prepared: PayoutRunEvent = { type: 'RunFilesPrepared', ...reference, files: [file] };
const written: PayoutRunEvent = { type: 'RunFilesWritten', ...reference };
const histories = {
  none: [],
  closed: [closed],
  released: [closed, released],
  prepared: [closed, released, prepared],
  written: [closed, released, prepared, written],
} satisfies Record<string, PayoutRunEvent[]>;
const commands = {
  close: { type: 'CloseRun', run },
  release: { type: 'ReleaseRun', by: 'operator:boss' },
  prepare: { type: 'RecordPrepared', files: [file] },
  write: { type: 'RecordWritten' },
} satisfies Record<string, PayoutRunCommand>;

/** What each command does in each state. */
const table: Record<keyof typeof histories, Record<keyof typeof commands, PayoutRunEvent[] | PayoutRunRefusal>> = {
  none: { close: [closed], release: 'not_found', prepare: 'not_found', write: 'not_found' },
  closed: { close: [], release: [released], prepare: 'state_conflict', write: 'state_conflict' },
  released: { close: [], release: [], prepare: [prepared], write: 'state_conflict' },
  prepared: { close: [], release: [], prepare: [], write: [written] },
  written: { close: [], release: [], prepare: [], write: [] },
};
const cases = Object.entries(table).flatMap(([state, row]) =>
  Object.entries(row).map(([command, outcome]) => [state, command, outcome] as const),
);
const decided = (history: PayoutRunEvent[], command: PayoutRunCommand) =>
  decidePayoutRun(command, history.reduce(payoutRunFold.evolve, payoutRunFold.initial));

describe('a run', () => {
  it.each(cases)('that is %s: %s', (state, command, outcome) =>
    expect(decided(histories[state as keyof typeof histories], commands[command as keyof typeof commands])).toEqual(
      typeof outcome === 'string' ? { refused: outcome } : { events: outcome },
    ),
  );

  it.each<[PayoutRunRefusal, string, PayoutRunEvent[], string]>([
    ['four_eyes', 'by whoever closed it', histories.closed, 'operator:fin'],
    ['state_conflict', 'by a second person', histories.released, 'operator:kim'],
  ])('refuses with %s: a release %s', (refused, _, history, by) =>
    expect(decided(history, { type: 'ReleaseRun', by })).toEqual({ refused }),
  );

  it('is named by its bank, its day and its number', () => expect(runIdOf('main', '2026-02-02', 7)).toBe('main-20260202-000007'));
});
