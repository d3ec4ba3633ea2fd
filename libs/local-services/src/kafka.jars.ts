import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { alone } from './folder-lock.js';
import { runProgram } from './program.js';
import { cacheFolder, workspaceRoot } from './workspace.js';

/** The broker, or its command-line tools: two releases, never mixed. */
export type JarSet = 'kafka' | 'kafka-tools';

const poms: Record<JarSet, string> = { kafka: 'deploy/kafka/pom.xml', 'kafka-tools': 'deploy/kafka/tools/pom.xml' };

const pomOf = (set: JarSet): string => join(workspaceRoot(), poms[set]);

/** Where the jars are, or will be: another version, or another POM, has another folder. */
function jarFolder(set: JarSet): string {
  const pom = readFileSync(pomOf(set), 'utf8');
  const version = /<kafka\.version>(.+)<\/kafka\.version>/.exec(pom)?.[1];
  if (version === undefined) throw new Error(`${pomOf(set)} names no kafka.version`);
  return cacheFolder(`${set}-${version}-${createHash('sha256').update(pom).digest('hex').slice(0, 8)}`);
}

/** @throws Error when they have not been fetched */
export function classPath(set: JarSet): string {
  if (!hasJars(set)) throw new Error(`the jars of ${set} are not here: ensureTools(['${set}']) fetches them`);
  return join(jarFolder(set), '*');
}

export const hasJars = (set: JarSet): boolean => existsSync(jarFolder(set));

/**
 * Fetches the jars with Maven unless they are there. The folder comes into being whole; of several processes that want it one fetches and the others
 * wait.
 * @throws ProgramFailed
 */
export async function fetchJars(set: JarSet): Promise<void> {
  if (hasJars(set)) return;
  const folder = jarFolder(set);
  await alone(cacheFolder(`${set}.lock`), async () => {
    if (!hasJars(set)) await download(set, folder);
  });
}

async function download(set: JarSet, folder: string): Promise<void> {
  const fresh = `${folder}.next`;
  rmSync(fresh, { recursive: true, force: true });
  mkdirSync(dirname(folder), { recursive: true });
  // -U: Maven would not try again for a day what it failed to fetch once.
  const args = ['-B', '-q', '-U', '-f', pomOf(set), 'dependency:copy-dependencies', `-DoutputDirectory=${fresh}`];
  await runProgram(`fetching the jars of ${pomOf(set)} with Maven`, 'mvn', args);
  renameSync(fresh, folder);
}
