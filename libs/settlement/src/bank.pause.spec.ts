import { describe, expect, it } from '@jest/globals';
import type { BankEvent } from '@tongbao/contracts';
import { bankPauseFold, decideBankPause, type BankPauseCommand } from './bank.pause.js';

const pause: BankPauseCommand = { type: 'PausePayouts', bank: 'main', by: 'operator:jo', reason: 'a fault', now: 'now' };
const resume: BankPauseCommand = { type: 'ResumePayouts', bank: 'main', by: 'operator:kim', now: 'now' };
const paused: BankEvent = { type: 'PayoutsPaused', bank: 'main', by: 'operator:jo', reason: 'a fault', pausedAt: 'now' };
const resumed: BankEvent = { type: 'PayoutsResumed', bank: 'main', by: 'operator:kim', resumedAt: 'now' };

describe('a bank', () => {
  it.each<[string, BankEvent[], BankPauseCommand, BankEvent[]]>([
    ['is paused', [], pause, [paused]],
    ['that is paused stays so', [paused], pause, []],
    ['is resumed', [paused], resume, [resumed]],
    ['that is not paused need not be resumed', [], resume, []],
    ['is paused again', [paused, resumed], pause, [paused]],
  ])('%s', (_, history, command, events) =>
    expect(decideBankPause(command, history.reduce(bankPauseFold.evolve, bankPauseFold.initial))).toEqual({ events }),
  );
});
