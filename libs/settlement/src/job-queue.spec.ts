import { describe, expect, it } from '@jest/globals';
import { Outage } from '@tongbao/event-store';
import { JobQueue } from './job-queue.js';

/** Something that a spec lets go when it wants. */
function gate(): { opened: Promise<void>; open: () => void } {
  let open: () => void = () => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}

describe('a job queue', () => {
  it('runs a key once more that was kicked while it ran, with the highest position it was told', async () => {
    const [first, second] = [gate(), gate()];
    const runs: [string, bigint][] = [];
    const queue = new JobQueue(async (key, position) => {
      runs.push([key, position]);
      if (runs.length === 1) await first.opened;
      else second.open();
    });
    queue.kick('a', 5n);
    await Promise.resolve();
    for (const position of [7n, 9n, 8n]) queue.kick('a', position);
    first.open();
    await second.opened;
    await queue.stop();
    expect(runs).toEqual([
      ['a', 5n],
      ['a', 9n],
    ]);
  });

  it('tries again what waits for an outage to end, and goes on with the others meanwhile', async () => {
    const done = gate();
    const runs: string[] = [];
    const outages: string[] = [];
    const queue = new JobQueue(
      (key) => {
        runs.push(key);
        if (key === 'a' && runs.filter((each) => each === 'a').length === 1) throw new Outage('down');
        if (key === 'a') done.open();
        return Promise.resolve();
      },
      { onOutage: (key) => outages.push(key) },
    );
    queue.kick('a');
    queue.kick('b');
    await done.opened;
    await queue.stop();
    expect(runs).toEqual(['a', 'b', 'a']);
    expect(outages).toEqual(['a']);
  });

  it('reports what no repetition mends, and goes on with the others', async () => {
    const done = gate();
    const failures: unknown[] = [];
    const queue = new JobQueue(
      (key) => {
        if (key === 'a') throw new Error('a bug');
        done.open();
        return Promise.resolve();
      },
      { onFailure: (key, error) => failures.push([key, String(error)]) },
    );
    queue.kick('a');
    queue.kick('b');
    await done.opened;
    await queue.stop();
    expect(failures).toEqual([['a', 'Error: a bug']]);
  });

  it('lets the job that runs come to its end when it is stopped, and starts no other', async () => {
    const [started, going] = [gate(), gate()];
    const ended: string[] = [];
    const queue = new JobQueue(async (key) => {
      started.open();
      await going.opened;
      ended.push(key);
    });
    queue.kick('a');
    await started.opened;
    queue.kick('b');
    const stopped = queue.stop();
    going.open();
    await stopped;
    queue.kick('c');
    expect(ended).toEqual(['a']);
  });
});
