import { it } from '@jest/globals';
import { TestHub } from '../test/hub.js';
import { example1, example2, example3 } from '../test/facts.js';
it('rebuilds', async () => {
  const hub = await TestHub.start();
  for (let i = 0; i < 60; i++) {
    const events = Array.from({ length: 100 }, (_, j) => [example1, example2, example3][j % 3]!(`p${i}_${j}`));
    await hub.store.append(`payment-x${i}`, 'no_stream', events, { commandId: `c${i}` });
  }
  await hub.projection.reached(await hub.store.head(), 60000);
  const sizes: number[] = [];
  let n = 0,
    q = 0,
    bytes = 0;
  const times = new Map<string, [number, number, number]>();
  for (const k of ['query', 'arrays'] as const) {
    const orig = (hub.sql as any)[k].bind(hub.sql);
    (hub.sql as any)[k] = async (s: string, p: any[]) => {
      const b = (p ?? []).reduce((x, y) => x + String(y).length, 0);
      bytes += b;
      q++;
      const t = performance.now();
      const r = await orig(s, p);
      const key = k + s.slice(0, 90).replace(/\s+/g, ' ');
      const e = times.get(key) ?? [0, 0, 0];
      times.set(key, [e[0] + performance.now() - t, e[1] + 1, e[2] + b]);
      return r;
    };
  }
  const r = await hub.projection.rebuild();
  process.stderr.write(`${JSON.stringify(r, (_, v) => (typeof v === 'bigint' ? String(v) : v))} tx ${n} q ${q} bytes ${bytes}\n`);
  process.stderr.write(
    [...times]
      .sort((a, b) => b[1][0] - a[1][0])
      .slice(0, 12)
      .map(([k, v]) => `${v[0].toFixed(0)} ${v[1]} ${v[2]} ${k}`)
      .join('\n') + '\n',
  );
  await hub.stop();
}, 200000);
