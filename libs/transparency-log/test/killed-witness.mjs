// A witness that is killed when a checkpoint is on its disk, before its answer goes out: `node killed-witness.mjs OPTIONS` prints where it listens.
import { registerHooks } from 'node:module';

// The sources themselves: Node takes the types off, and '.js' in an import means the '.ts' beside it.
registerHooks({
  resolve: (specifier, context, next) =>
    next(context.parentURL?.endsWith('.ts') && specifier.startsWith('.') ? specifier.replace(/\.js$/, '.ts') : specifier, context),
});
const { startWitness } = await import('../src/witness.ts');

const onCosigned = () => process.kill(process.pid, 'SIGKILL');
const { url } = await startWitness({ ...JSON.parse(process.argv[2]), onCosigned });
console.log(url);
