import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

const ROOT = join(import.meta.dirname, '..');

/**
 * Compiles the library as its build does, but to a folder of the tests' own, for what must run outside of Jest: processes and threads.
 * Returns the folder.
 */
export async function buildForProcesses(name: string): Promise<string> {
  const target = join('out-tsc', name);
  const swc = join(ROOT, '../../node_modules/@swc/cli/bin/swc.js');
  const flags = ['--strip-leading-paths', '--config-file', '../../.swcrc', '--ignore', '**/*.spec.ts', '--quiet'];
  await promisify(execFile)(process.execPath, [swc, 'src', '-d', target, ...flags], { cwd: ROOT });
  return join(ROOT, target);
}
