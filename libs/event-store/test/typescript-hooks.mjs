import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createRequire, registerHooks } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

// Lets a process of a test's own run TypeScript sources as Jest does, without a build:
//   node --conditions=@tongbao/source --import .../typescript-hooks.mjs program.ts
const settings = readFileSync(new URL('../../../.swcrc', import.meta.url), 'utf8');
const cache = fileURLToPath(new URL('../../../node_modules/.cache/tongbao-typescript', import.meta.url));
mkdirSync(cache, { recursive: true });

registerHooks({
  resolve(specifier, context, nextResolve) {
    const source = specifier.startsWith('.') && specifier.endsWith('.js') && new URL(`${specifier.slice(0, -3)}.ts`, context.parentURL);
    return source && existsSync(source) ? { url: source.href, shortCircuit: true } : nextResolve(specifier, context);
  },
  load(url, context, nextLoad) {
    if (!url.endsWith('.ts')) return nextLoad(url, context);
    return { format: 'module', source: compiled(fileURLToPath(url)), shortCircuit: true };
  },
});

/** What has been compiled once is kept: a compiler in the process would be most of the memory that a test of memory measures. */
function compiled(filename) {
  const text = readFileSync(filename, 'utf8');
  const kept = join(cache, `${createHash('sha256').update(settings).update(filename).update(text).digest('hex')}.js`);
  if (existsSync(kept)) return readFileSync(kept, 'utf8');
  const { $schema: _schema, ...swc } = JSON.parse(settings);
  const { code } = createRequire(import.meta.url)('@swc/core').transformSync(text, {
    ...swc,
    filename,
    swcrc: false,
    sourceMaps: 'inline',
  });
  // Several processes may compile the same at once.
  const own = `${kept}.${process.pid}`;
  writeFileSync(own, code);
  renameSync(own, kept);
  return code;
}
