import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The checkout, from this file upwards: in `src` and in `dist` alike. */
export function workspaceRoot(): string {
  const start = dirname(fileURLToPath(import.meta.url));
  for (let folder = start; folder !== dirname(folder); folder = dirname(folder)) {
    if (existsSync(join(folder, 'package-lock.json'))) return folder;
  }
  throw new Error(`no package-lock.json above ${start}: local services are started from a checkout of the repository`);
}

/** What is fetched or made once and may be deleted at any time. */
export const cacheFolder = (name: string): string => join(workspaceRoot(), 'node_modules/.cache/tongbao', name);
