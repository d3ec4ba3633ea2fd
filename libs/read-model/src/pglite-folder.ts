import { existsSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** PGlite's own files inside a data folder. */
export const filesIn = (dataDir: string): string => join(dataDir, 'pg');

export const isInitialised = (dataDir: string): boolean => existsSync(join(filesIn(dataDir), 'PG_VERSION'));

const markIn = (dataDir: string): string => join(dataDir, 'damaged');

/** The data was found damaged while in use: the next start gives it up. */
export const markDamaged = (dataDir: string): void => writeFileSync(markIn(dataDir), 'PostgreSQL found damaged data here.\n');

export const isMarkedDamaged = (dataDir: string): boolean => existsSync(markIn(dataDir)) && existsSync(filesIn(dataDir));

/** @returns where the files are now */
export function moveAside(dataDir: string): string {
  const aside = `${filesIn(dataDir)}.damaged-${new Date().toISOString().replaceAll(':', '-')}`;
  renameSync(filesIn(dataDir), aside);
  rmSync(markIn(dataDir), { force: true });
  return aside;
}
