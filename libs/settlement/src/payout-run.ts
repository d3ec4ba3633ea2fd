import type { PayoutRunEvent, PreparedFile, RunClosed } from '@tongbao/contracts';
import type { Decision, Fold } from '@tongbao/event-store';

/** A run of instructions to a bank of files, as its own stream tells it. */
export type PayoutRunState =
  | { status: 'none' }
  | { status: 'closed' | 'released'; run: RunClosed; releasedBy?: string }
  | { status: 'prepared' | 'written'; run: RunClosed; releasedBy?: string; files: readonly PreparedFile[] };

export const payoutRunStream = (bank: string, sequence: number): string => `payoutrun-${bank}_${numbered(sequence)}`;

/** `main-20260202-000007`: the day keeps a hub that was restored from calling other files by names that the bank has seen. */
export const runIdOf = (bank: string, day: string, sequence: number): string => `${bank}-${day.replaceAll('-', '')}-${numbered(sequence)}`;

const numbered = (sequence: number): string => String(sequence).padStart(6, '0');

export const payoutRunFold: Fold<PayoutRunState, PayoutRunEvent> = { initial: { status: 'none' }, evolve };

function evolve(state: PayoutRunState, event: PayoutRunEvent): PayoutRunState {
  if (event.type === 'RunClosed') return { status: 'closed', run: event };
  if (state.status === 'none') throw new Error(`${event.type} of ${event.runId} without a RunClosed before it`);
  const { run, releasedBy } = state;
  switch (event.type) {
    case 'RunReleased':
      return { status: 'released', run, releasedBy: event.by };
    case 'RunFilesPrepared':
      return { status: 'prepared', run, releasedBy, files: event.files };
    case 'RunFilesWritten':
      return { status: 'written', run, releasedBy, files: 'files' in state ? state.files : [] };
    default:
      return event satisfies never;
  }
}

export type PayoutRunCommand =
  | { type: 'CloseRun'; run: Omit<RunClosed, 'type'> }
  | { type: 'ReleaseRun'; by: string }
  | { type: 'RecordPrepared'; files: PreparedFile[] }
  | { type: 'RecordWritten' };

/** Why a command is refused; in this order. */
export type PayoutRunRefusal = 'not_found' | 'state_conflict' | 'four_eyes';

/** Decides a command on a run. One that finds its work done changes nothing and is no error, so that every step can be run again. */
export function decidePayoutRun(command: PayoutRunCommand, state: PayoutRunState): Decision<PayoutRunEvent, PayoutRunRefusal> {
  if (command.type === 'CloseRun') {
    return { events: state.status === 'none' ? [{ type: 'RunClosed', ...command.run }] : [] };
  }
  if (state.status === 'none') return { refused: 'not_found' };
  const { runId, bank, by: closedBy } = state.run;
  switch (command.type) {
    case 'ReleaseRun':
      if (state.releasedBy === command.by) return { events: [] };
      if (state.status !== 'closed') return { refused: 'state_conflict' };
      // Whoever would not wait for the cut-off does not say, too, that its files may go.
      return closedBy === command.by ? { refused: 'four_eyes' } : { events: [{ type: 'RunReleased', runId, bank, by: command.by }] };
    case 'RecordPrepared':
      if (state.status === 'closed') return { refused: 'state_conflict' };
      return { events: state.status === 'released' ? [{ type: 'RunFilesPrepared', runId, bank, files: command.files }] : [] };
    case 'RecordWritten':
      if (state.status === 'written') return { events: [] };
      return state.status === 'prepared' ? { events: [{ type: 'RunFilesWritten', runId, bank }] } : { refused: 'state_conflict' };
    default:
      return command satisfies never;
  }
}
