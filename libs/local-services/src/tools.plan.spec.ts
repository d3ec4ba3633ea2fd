import { MissingTools, planInstall, type MachineFacts, type Part } from './tools.plan.js';

const all: readonly Part[] = ['kafka', 'kafka-tools', 'redis', 'postgres', 'kcat', 'python', 'go', 'xmllint'];
const complete: MachineFacts = {
  platform: 'linux',
  arch: 'x64',
  root: true,
  debian: true,
  java: 17,
  maven: true,
  redis: true,
  kcat: true,
  python: true,
  go: true,
  xmllint: true,
  postgresPackage: true,
  jars: { kafka: true, 'kafka-tools': true },
};
const bare: MachineFacts = {
  ...complete,
  java: undefined,
  maven: false,
  redis: false,
  kcat: false,
  python: false,
  go: false,
  xmllint: false,
  jars: { kafka: false, 'kafka-tools': false },
};

const refusal = (parts: readonly Part[], facts: MachineFacts): string => {
  try {
    planInstall(parts, facts);
  } catch (error) {
    if (error instanceof MissingTools) return error.message;
    throw error;
  }
  throw new Error('nothing was missing');
};

it('nothing is installed on a machine that has all', () => {
  expect(planInstall(all, complete)).toEqual({ programs: [], jars: [] });
});

it('root on Debian gets what is missing', () => {
  expect(planInstall(all, bare)).toEqual({
    programs: ['java', 'maven', 'redis', 'kcat', 'python', 'go', 'xmllint'],
    jars: ['kafka', 'kafka-tools'],
  });
});

it('only what the parts need counts', () => {
  expect(planInstall(['redis'], bare)).toEqual({ programs: ['redis'], jars: [] });
  expect(planInstall(['kafka'], bare)).toEqual({ programs: ['java', 'maven'], jars: ['kafka'] });
  expect(planInstall(['kcat', 'python'], bare)).toEqual({ programs: ['kcat', 'python'], jars: [] });
  expect(planInstall(['postgres'], bare)).toEqual({ programs: [], jars: [] });
});

it('Maven is needed only for jars that are not there yet', () => {
  expect(planInstall(['kafka'], { ...bare, jars: { kafka: true, 'kafka-tools': false } })).toEqual({ programs: ['java'], jars: [] });
});

it('Java that is too old does not do', () => {
  expect(planInstall(['kafka'], { ...complete, java: 11 }).programs).toEqual(['java']);
  expect(planInstall(['kafka'], { ...complete, java: 21 }).programs).toEqual([]);
  expect(refusal(['kafka'], { ...complete, root: false, java: 11 })).toContain('Java 17 or later (this one is 11): sudo apt-get install');
});

it('a user on Debian is told each part and the command', () => {
  expect(refusal(all, { ...bare, root: false })).toBe(
    [
      'missing on this machine:',
      '  Java 17 or later: sudo apt-get install -y --no-install-recommends openjdk-17-jre-headless',
      '  Maven (fetches the jars of Kafka): sudo apt-get install -y --no-install-recommends maven',
      '  redis-server: sudo apt-get install -y --no-install-recommends redis-server',
      '  kcat (a Kafka client for tests): sudo apt-get install -y --no-install-recommends kcat',
      '  Python 3.10 or later with venv: sudo apt-get install -y --no-install-recommends python3-venv',
      '  Go: sudo apt-get install -y --no-install-recommends golang-go',
      '  xmllint (checks XML against schemas in tests): sudo apt-get install -y --no-install-recommends libxml2-utils',
    ].join('\n'),
  );
});

it('root on another Linux is told what to do, and nothing is installed', () => {
  const message = refusal(['redis', 'kafka', 'kcat'], { ...bare, debian: false });
  expect(message).toContain(
    "redis-server: install it with this system's package manager, or start one elsewhere and give its address in REDIS_URL",
  );
  expect(message).toContain('give its address in KAFKA_BROKERS');
  expect(message).toMatch(/kcat .*: install it with this system's package manager$/);
  expect(message).not.toContain('apt-get');
});

it('a Mac is told of brew, and that PostgreSQL has to come from elsewhere', () => {
  expect(refusal(all, { ...bare, root: false, debian: false, platform: 'darwin', arch: 'arm64' })).toBe(
    [
      'missing on this machine:',
      '  Java 17 or later: brew install openjdk@17',
      '  Maven (fetches the jars of Kafka): brew install maven',
      '  redis-server: brew install redis',
      '  kcat (a Kafka client for tests): brew install kcat',
      '  Python 3.10 or later with venv: brew install python3',
      '  Go: brew install go',
      '  xmllint (checks XML against schemas in tests): brew install libxml2',
      '  PostgreSQL (the one from npm is for Linux on x86-64, this is darwin on arm64): start one and give its address in DATABASE_URL',
    ].join('\n'),
  );
});

it('PostgreSQL on another processor is named, though the rest could be installed', () => {
  expect(refusal(all, { ...bare, arch: 'arm64' })).toBe(
    'missing on this machine:\n  PostgreSQL (the one from npm is for Linux on x86-64, this is linux on arm64): start one and give its address in DATABASE_URL',
  );
});

it('PostgreSQL that npm has left out is named', () => {
  expect(refusal(['postgres'], { ...complete, postgresPackage: false })).toContain(
    'PostgreSQL (a development dependency of this repository): npm ci',
  );
});
