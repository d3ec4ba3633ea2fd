import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { classPath, type JarSet } from './kafka.jars.js';
import { workspaceRoot } from './workspace.js';

/** Kafka 4 needs it. */
export const oldestJava = 17;

const run = promisify(execFile);

/** The version (17, 21, …) of the `java` on the path; undefined when there is none. */
export async function javaVersion(): Promise<number | undefined> {
  const output = await run('java', ['-version']).then(
    ({ stderr }) => stderr,
    () => '',
  );
  // `openjdk version "17.0.21.1" 2026-11-17`; before Java 9 it was "1.8.0_…".
  const version = /version "(\d+)/.exec(output)?.[1];
  return version === undefined ? undefined : Number(version);
}

/** Options of a small JVM on a set of jars; the main class follows. */
export const jvmOptions = (set: JarSet): string[] => [
  '-XX:+UseSerialGC',
  '-XX:TieredStopAtLevel=1',
  '-Xshare:auto',
  '-XX:+ExitOnOutOfMemoryError',
  '-Djava.net.preferIPv4Stack=true',
  '-Djava.awt.headless=true',
  `-Dlog4j2.configurationFile=${pathToFileURL(join(workspaceRoot(), 'deploy/kafka/log4j2.properties')).href}`,
  '-Dlog4j2.disableJmx=true',
  '-cp',
  classPath(set),
];
