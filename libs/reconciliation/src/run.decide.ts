import type { LinesCarried, ReconciliationReport, ReconciliationStarted } from '@tongbao/contracts';
import type { Decision } from '@tongbao/event-store';
import type { RunEvent } from './facts.js';
import { inOrder, openRun, runIdOf, type DayState } from './run.js';

export type StartRun = { type: 'StartRun' } & Omit<ReconciliationStarted, 'type' | 'runId' | 'number'>;

export type RunCommand =
  | StartRun
  | { type: 'CarryLines'; runId: string; first: number; lines: LinesCarried['lines'] }
  | { type: 'CompleteRun'; runId: string; report: ReconciliationReport; carried: number; carriedDigest: string; now: string }
  | { type: 'FailRun'; runId: string; code: string; detail: string; now: string };

export type RunRefusal = 'invalid' | 'state_conflict';

export type RunDecision = Decision<RunEvent, RunRefusal>;

/** Refusals in their order: invalid (no bill), state_conflict (another run is under way, or this one is not known). A run that has ended stays as it is. */
export function decideRun(command: RunCommand, state: DayState): RunDecision {
  if (command.type === 'StartRun') return start(command, state);
  if (state.last?.started.runId !== command.runId) return { refused: 'state_conflict' };
  if (state.last.end) return { events: [] };
  const { runId, provider, day } = state.last.started;
  const reference = { runId, provider, day };
  switch (command.type) {
    case 'CarryLines':
      return { events: [{ type: 'LinesCarried', ...reference, first: command.first, lines: command.lines }] };
    case 'CompleteRun': {
      const { report, carried, carriedDigest, now } = command;
      return { events: [{ type: 'ReconciliationCompleted', ...reference, report, carried, carriedDigest, completedAt: now }] };
    }
    case 'FailRun': {
      const { code, detail, now } = command;
      return { events: [{ type: 'ReconciliationFailed', ...reference, code, detail, failedAt: now }] };
    }
    default:
      return command satisfies never;
  }
}

function start(command: StartRun, state: DayState): RunDecision {
  const { provider, day, bills } = command;
  if (bills.length === 0) return { refused: 'invalid' };
  if (openRun(state)) return { refused: 'state_conflict' };
  const number = state.runs + 1;
  const runId = runIdOf(provider, day, number);
  return { events: [{ ...command, type: 'ReconciliationStarted', runId, number, bills: inOrder(bills) }] };
}
