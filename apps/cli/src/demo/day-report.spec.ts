import { describe, expect, it } from '@jest/globals';
import { sampleDay } from '../../test/demo-day.js';
import { dayFigures, dayText } from './day-report.js';

describe('the text of the day', () => {
  const text = dayText(sampleDay);
  const lineWith = (word: string) => text.split('\n').find((line) => line.includes(word)) ?? '';

  it('shows both models with what they paid, and their sum', () => {
    expect(lineWith('dnm, net')).toMatch(/dnm_CNY_000001 +finance +approver +1 +15\.00 +15\.00 +0\.00 +0\.00$/);
    expect(lineWith('artists, gross')).toMatch(/schedule +automatic +1 +90\.00 +0\.00 +0\.00 +90\.00$/);
    expect(lineWith(' sum ')).toMatch(/2 +105\.00 +15\.00 +0\.00 +90\.00$/);
  });

  it('tells of each try of the payout, without what may differ from run to run', () => {
    expect(lineWith('first')).toMatch(/asked for → given to the bank → rejected \(account_closed\)$/);
    expect(lineWith('again')).toMatch(/asked for → given to the bank → confirmed by the line of the bank$/);
    expect(lineWith('at the bank')).toContain('1 line, -15.00');
  });

  it('shows what each bill says, the break, and who corrected it', () => {
    expect(lineWith('the fund bill, ')).toMatch(/2 +113\.00 +0\.68 +112\.32$/);
    expect(lineWith('break ')).toContain('missing_at_provider: 3.00 of order yuan-1 is in no bill');
    expect(lineWith('correction')).toContain('proposed by finance, approved by approver');
    expect(lineWith(', what the fund bill leaves')).toContain('112.32, what');
  });

  it('shows what the hub keeps, positions, and where the files are', () => {
    expect(lineWith('130.00')).toMatch(/130\.00 +8\.00 +11\.00 +-0\.68 +-3\.00 +7\.32$/);
    expect(lineWith('positions')).toContain('the hub owes 90.00, is owed 0.00');
    expect(lineWith('statement')).toContain('Dorado Press');
    expect(text).toContain('/papers/a.csv');
  });

  it('has no trailing blanks', () => expect(text.split('\n').filter((line) => line !== line.trimEnd())).toEqual([]));

  it('gives JSON what is the same in every run, without paths and durations', () => {
    const json = JSON.stringify(dayFigures(sampleDay));
    expect(json).toContain('"netMinor":9000');
    expect(json).not.toMatch(/papers|duration|stl_/);
  });
});
