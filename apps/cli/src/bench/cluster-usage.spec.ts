import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, it } from '@jest/globals';
import { elsewhere, sumOf, usagesBetween, usagesOf } from './cluster-usage.js';

describe('what programs have used', () => {
  it('is that of a process with the processes that it has started, and of the rest of the machine', async () => {
    // A shell whose child works, and has ended before anybody looks.
    const shell = spawn('sh', ['-c', 'i=0; (while [ $i -lt 300000 ]; do i=$((i+1)); done); echo done; read -r _'], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    await once(shell.stdout, 'data');
    const usages = usagesOf(
      new Map([
        ['shell', shell.pid],
        ['this', process.pid],
      ]),
    );
    const own = process.cpuUsage();
    const ended = once(shell, 'exit');
    shell.stdin.end();
    await ended;
    expect(usages.get('shell')?.cpuMs).toBeGreaterThan(0);
    expect(usages.get('shell')?.residentBytes).toBeGreaterThan(100_000);
    expect(usages.get(elsewhere)?.cpuMs).toBeGreaterThan(0);
    // What this process has started is not this process.
    expect(usages.get('this')?.cpuMs).toBeLessThanOrEqual((own.user + own.system) / 1_000 + 20);
  });

  it('leaves out a program that does not run', () => {
    expect([...usagesOf(new Map([['gone', undefined]])).keys()]).toEqual([elsewhere]);
  });
});

describe('what programs have used between two looks', () => {
  const before = new Map([['ledger', { cpuMs: 100, residentBytes: 1 }]]);

  it('subtracts times, and keeps the later sizes', () => {
    expect(usagesBetween(before, new Map([['ledger', { cpuMs: 130, residentBytes: 2 }]]))).toEqual(
      new Map([['ledger', { cpuMs: 30, residentBytes: 2 }]]),
    );
  });

  it('counts a program that was started anew from its new start', () => {
    expect(usagesBetween(before, new Map([['ledger', { cpuMs: 40, residentBytes: 2 }]])).get('ledger')?.cpuMs).toBe(40);
  });

  it('adds up, passing over what is not there', () => {
    expect(sumOf(new Map([['a', { cpuMs: 1, residentBytes: 10 }]]), ['a', 'b'])).toEqual({ cpuMs: 1, residentBytes: 10 });
  });
});
