import { describe, expect, it } from '@jest/globals';
import { bytesOf, cpuMsOf, endedChildrenMsOf, parentOf, totalCpuMsOf, usageBetween } from './process-usage.js';

describe('what the kernel tells of a process', () => {
  it('adds user and system time, in ticks of ten milliseconds', () => {
    expect(cpuMsOf('4711 (node) S 1 4711 4711 0 -1 4194304 100 0 0 0 250 50 0 0 20 0 11 0 100 1000 200')).toBe(3_000);
  });

  it('is not led astray by a name with blanks and brackets', () => {
    expect(cpuMsOf('4711 (a (b) c) S 1 4711 4711 0 -1 4194304 100 0 0 0 7 3 0 0 20 0 11 0 100 1000 200')).toBe(100);
  });

  it('knows its parent, and the time of children that have ended', () => {
    const stat = '4711 (postgres) S 42 4711 4711 0 -1 4194304 100 0 0 0 7 3 20 5 20 0 11 0 100 1000 200';
    expect(parentOf(stat)).toBe(42);
    expect(endedChildrenMsOf(stat)).toBe(250);
  });

  it('adds up the time of all processors but what they were idle or waited for a disk', () => {
    expect(totalCpuMsOf('cpu  10 1 20 1000 500 2 3 40 0 0\ncpu0 10 1 20 1000 500 2 3 40 0 0\n')).toBe(360);
  });

  it('reads sizes in bytes', () => {
    const status = 'Name:\tnode\nVmHWM:\t  204800 kB\nVmRSS:\t  102400 kB\n';
    expect(bytesOf(status, 'VmRSS')).toBe(102_400 * 1_024);
    expect(bytesOf(status, 'VmHWM')).toBe(204_800 * 1_024);
  });
});

describe('what was used between two looks', () => {
  it('subtracts times, and keeps the later sizes', () => {
    const before = { cpuMs: 100, threadMs: { MainThread: 80 }, residentBytes: 1, peakResidentBytes: 2 };
    const after = { cpuMs: 350, threadMs: { MainThread: 280, pglite: 50 }, residentBytes: 3, peakResidentBytes: 4 };
    expect(usageBetween(before, after)).toEqual({
      cpuMs: 250,
      threadMs: { MainThread: 200, pglite: 50 },
      residentBytes: 3,
      peakResidentBytes: 4,
    });
  });
});
