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
  const orig = hub.sql.transaction.bind(hub.sql);
  let n = 0, q = 0, bytes = 0; const times = new Map<string, number>();
  (hub.sql as any).transaction = (w: any) => { n++; return orig((tx: any) => w(new Proxy(tx, { get: (o, k) => k === 'query' || k === 'arrays' ? async (s: string, p: any[]) => { q++; const b = (p ?? []).reduce((x, y) => x + String(y).length, 0); bytes += b; const t = performance.now(); const r = await o[k](s, p); const key = s.slice(0, 60).replace(/\s+/g, ' '); times.set(key, (times.get(key) ?? 0) + performance.now() - t); return r; } : (typeof o[k] === 'function' ? o[k].bind(o) : o[k]) }))); };
  const r = await hub.projection.rebuild();
  process.stderr.write(`${JSON.stringify(r, (_, v) => typeof v === 'bigint' ? String(v) : v)} tx ${n} q ${q} bytes ${bytes}\n`);
  process.stderr.write([...times].sort((a, b) => b[1] - a[1]).slice(0, 12).map(([k, v]) => `${v.toFixed(0)} ${k}`).join('\n') + '\n');
  await hub.stop();
}, 200000);
