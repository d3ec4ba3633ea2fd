// A process that starts a Redis and stays: `node parent.mjs FOLDER` prints what it has started. The tests end it in every way a process can end.
import { registerHooks } from 'node:module';

// The sources themselves: Node takes the types off, and '.js' in an import means the '.ts' beside it.
registerHooks({
  resolve: (specifier, context, next) =>
    next(context.parentURL?.endsWith('.ts') && specifier.startsWith('.') ? specifier.replace(/\.js$/, '.ts') : specifier, context),
});
const { startRedis } = await import('../src/redis.ts');

const { pid, port } = await startRedis({ dataDir: process.argv[2] });
console.log(JSON.stringify({ pid, port }));
if (process.argv[3] === 'stay') setInterval(() => undefined, 60_000);
