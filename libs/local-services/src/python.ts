import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { alone } from './folder-lock.js';
import { runProgram, succeeds } from './program.js';
import { cacheFolder } from './workspace.js';

/** What the packages that are used here need. */
export const oldestPython = '3.10';

const run = promisify(execFile);

/** Debian's Python comes without what virtual environments need. */
const probe = `import sys, venv, ensurepip; sys.exit(sys.version_info < (${oldestPython.replace('.', ', ')}))`;

/** Whether the `python3` on the path is new enough and can make virtual environments. */
export const hasPython = (): Promise<boolean> => succeeds('python3', ['-c', probe]);

/**
 * A Python that has the packages of a requirements file, in a virtual environment of its own: another file, or another Python, has another folder.
 * `ensureTools(['python'])` comes first.
 * @param requirements path of the file
 * @returns the path of its `python`
 * @throws ProgramFailed
 */
export async function pythonWith(requirements: string): Promise<string> {
  const { stdout: version } = await run('python3', ['-c', 'import sys; print(sys.executable, sys.version)']);
  const hash = createHash('sha256').update(version).update(readFileSync(requirements)).digest('hex').slice(0, 8);
  const folder = cacheFolder(`python-${hash}`);
  const python = join(folder, 'bin/python');
  if (existsSync(python)) return python;
  await alone(cacheFolder('python.lock'), async () => {
    if (!existsSync(python)) await install(requirements, folder);
  });
  return python;
}

/** The folder comes into being whole. Its programs but `python` name the folder that it was made in, and are not for use. */
async function install(requirements: string, folder: string): Promise<void> {
  const fresh = `${folder}.next`;
  rmSync(fresh, { recursive: true, force: true });
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(dirname(folder), { recursive: true });
  await runProgram('making a virtual environment of Python', 'python3', ['-m', 'venv', fresh]);
  const args = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--only-binary', ':all:', '-r', requirements];
  await runProgram(`installing the packages of ${requirements}`, join(fresh, 'bin/python'), args);
  renameSync(fresh, folder);
}
