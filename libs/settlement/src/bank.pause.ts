import type { BankEvent, ProblemCode } from '@tongbao/contracts';
import type { Decision, Fold } from '@tongbao/event-store';

/** Whether a bank is given anything. */
export type BankPause = { isPaused: false } | { isPaused: true; by: string };

export const bankStream = (bank: string): string => `bank-${bank}`;

export const bankPauseFold: Fold<BankPause, BankEvent> = {
  initial: { isPaused: false },
  evolve: (_, event) => (event.type === 'PayoutsPaused' ? { isPaused: true, by: event.by } : { isPaused: false }),
};

export type BankPauseCommand =
  | { type: 'PausePayouts'; bank: string; by: string; reason: string; now: string }
  | { type: 'ResumePayouts'; bank: string; by: string; now: string };

/** What is so already changes nothing; neither is ever refused: whoever may ask for it decides alone, as a pause must not wait for a second person. */
export function decideBankPause(command: BankPauseCommand, { isPaused }: BankPause): Decision<BankEvent, ProblemCode> {
  const { bank, by, now } = command;
  if (command.type === 'PausePayouts')
    return { events: isPaused ? [] : [{ type: 'PayoutsPaused', bank, by, reason: command.reason, pausedAt: now }] };
  return { events: isPaused ? [{ type: 'PayoutsResumed', bank, by, resumedAt: now }] : [] };
}
