import type { InstructionEvent } from '@tongbao/contracts';
import type { Decision, Fold } from '@tongbao/event-store';
import type { BankInstruction, BankInstructionStatus } from './bank.js';

/** What a bank of files was told under a key, as the key's own stream tells it: the newest instruction. */
export type InstructionState =
  | { status: 'none' }
  | { status: 'taken' | 'rejected' | 'withdrawn'; bank: string; attempt: number; /** Why it was rejected. */ code?: string };

export const instructionStream = (key: string): string => `instruction-${key}`;

export const instructionFold: Fold<InstructionState, InstructionEvent> = { initial: { status: 'none' }, evolve };

function evolve(_: InstructionState, event: InstructionEvent): InstructionState {
  const { bank, attempt } = event;
  switch (event.type) {
    case 'InstructionTaken':
      return { status: 'taken', bank, attempt };
    case 'InstructionRejected':
      return { status: 'rejected', bank, attempt, code: event.code };
    case 'InstructionWithdrawn':
      return { status: 'withdrawn', bank, attempt };
    default:
      return event satisfies never;
  }
}

export type InstructionCommand =
  | { type: 'TakeInstruction'; bank: string; instruction: BankInstruction; endToEndId: string; now: string }
  | { type: 'RejectInstruction'; key: string; attempt: number; code: string; information?: string; fileId: string }
  | { type: 'WithdrawInstruction'; key: string; attempt: number; by: string; reason: string };

/** Why a command is refused; in this order. */
export type InstructionRefusal = 'not_found' | 'state_conflict';

/** Decides on one key. Each attempt is taken once: there is a next one only when the one before has failed. */
export function decideInstruction(command: InstructionCommand, state: InstructionState): Decision<InstructionEvent, InstructionRefusal> {
  if (command.type === 'TakeInstruction') {
    const { bank, instruction, endToEndId, now } = command;
    if (state.status !== 'none' && state.attempt >= instruction.attempt) return { events: [] };
    return { events: [{ type: 'InstructionTaken', bank, ...instruction, endToEndId, takenAt: now }] };
  }
  if (state.status === 'none') return { refused: 'not_found' };
  const { key, attempt } = command;
  const { bank } = state;
  const isNewest = attempt === state.attempt;
  if (command.type === 'RejectInstruction') {
    // A report on an earlier attempt says nothing of the one that counts.
    if (!isNewest || state.status === 'rejected') return { events: [] };
    const { code, information, fileId } = command;
    return { events: [{ type: 'InstructionRejected', key, bank, attempt, code, ...(information && { information }), fileId }] };
  }
  if (!isNewest || state.status !== 'taken') return { refused: 'state_conflict' };
  return { events: [{ type: 'InstructionWithdrawn', key, bank, attempt, by: command.by, reason: command.reason }] };
}

/** What an instruction fails with that an operator has taken out of its run. */
export const withdrawnCode = 'withdrawn';

/**
 * What became of one instruction.
 * @param isInRun its run closed before somebody would withdraw it
 */
export function statusOf(state: InstructionState, attempt: number, isInRun: boolean): BankInstructionStatus {
  if (state.status === 'none' || state.attempt < attempt) return 'unknown';
  if (state.attempt > attempt || state.status === 'taken' || (state.status === 'withdrawn' && isInRun)) return 'accepted';
  return { rejected: state.status === 'withdrawn' ? withdrawnCode : (state.code ?? 'rejected') };
}
