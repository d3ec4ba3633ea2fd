import { it } from '@jest/globals';
import { TestHub } from '../test/hub.js';
import { example1, example2, example3 } from '../test/facts.js';
it('rebuilds', async () => {
  const hub = await TestHub.start();
  const cpu = async (name: string, work: () => Promise<unknown>) => {
    const before = process.cpuUsage();
    const t = performance.now();
    await work();
    const used = process.cpuUsage(before);
    process.stderr.write(`${name}: cpu ${Math.round((used.user + used.system) / 1000)} ms wall ${Math.round(performance.now() - t)}\n`);
  };
  await cpu('append', async () => {
    for (let i = 0; i < 60; i++) {
      const events = Array.from({ length: 100 }, (_, j) => [example1, example2, example3][j % 3]!(`p${i}_${j}`));
      await hub.store.append(`payment-x${i}`, 'no_stream', events, { commandId: `c${i}` });
    }
  });
  await cpu('live', async () => hub.projection.reached(await hub.store.head(), 60000));
  await cpu('read', async () => {
    const c = new AbortController();
    for await (const { caughtUp } of hub.store.follow(['payment'], 0n, c.signal)) if (caughtUp) break;
  });
  for (let i = 0; i < 2; i++) await cpu('rebuild', () => hub.projection.rebuild());
  await hub.stop();
}, 200000);
