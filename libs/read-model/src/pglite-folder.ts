import { closeSync, existsSync, fsyncSync, openSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** PGlite's own files inside a data folder. */
export const filesIn = (dataDir: string): string => join(dataDir, 'pg');

export const isInitialised = (dataDir: string): boolean => existsSync(join(filesIn(dataDir), 'PG_VERSION'));

const damageMarkIn = (dataDir: string): string => join(dataDir, 'damaged');
const openMarkIn = (dataDir: string): string => join(dataDir, 'opened');

/** Another one after every start of the machine; where the system gives none, a restart cannot be told. */
const bootId = (): string => {
  const file = '/proc/sys/kernel/random/boot_id';
  return existsSync(file) ? readFileSync(file, 'utf8').trim() : 'unknown';
};

/** The data was found damaged while in use: the next start gives it up. */
export const markDamaged = (dataDir: string): void => writeFileSync(damageMarkIn(dataDir), 'PostgreSQL found damaged data here.\n');

/** From here on a restart of the machine may lose some writes and keep later ones, because PGlite does not fsync. */
export const markOpened = (dataDir: string): void => writeFileSync(openMarkIn(dataDir), bootId());

/** After the files have been closed: makes them durable. */
export function markClosed(dataDir: string): void {
  const files = readdirSync(filesIn(dataDir), { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  for (const { parentPath, name } of files) {
    const file = openSync(join(parentPath, name), 'r+');
    fsyncSync(file);
    closeSync(file);
  }
  rmSync(openMarkIn(dataDir), { force: true });
}

/** The files are known to be damaged, or the machine went down while they were in use. */
export function isUntrusted(dataDir: string): boolean {
  if (!existsSync(filesIn(dataDir))) return false;
  const wentDown = existsSync(openMarkIn(dataDir)) && readFileSync(openMarkIn(dataDir), 'utf8') !== bootId();
  return wentDown || existsSync(damageMarkIn(dataDir));
}

/** @returns where the files are now */
export function moveAside(dataDir: string): string {
  const aside = `${filesIn(dataDir)}.damaged-${new Date().toISOString().replaceAll(':', '-')}`;
  renameSync(filesIn(dataDir), aside);
  rmSync(damageMarkIn(dataDir), { force: true });
  return aside;
}
