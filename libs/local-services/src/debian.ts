import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { alone } from './folder-lock.js';
import { ProgramFailed, runProgram, succeeds } from './program.js';
import type { Program } from './tools.plan.js';

export type Progress = (line: string) => void;

/** Whichever of these Debian's release has. */
const packages: Record<Program, readonly string[]> = {
  java: ['openjdk-17-jre-headless', 'openjdk-21-jre-headless', 'openjdk-25-jre-headless'],
  maven: ['maven'],
  redis: ['redis-server'],
  kcat: ['kcat', 'kafkacat'],
  python: ['python3-venv'],
  go: ['golang-go'],
  xmllint: ['libxml2-utils'],
};

/** Asked by Debian's packages before they start a service: 101 = do not (invoke-rc.d(8), policy-rc.d of the Debian Policy). */
const policyPath = '/usr/sbin/policy-rc.d';
const policy = '#!/bin/sh\n# A Redis of its own is started where it is wanted.\n[ "$1" = redis-server ] && exit 101\nexit 0\n';

/**
 * Installs programs as root on Debian, without leaving a service running that its package would start.
 * @param missing asked when it is this process's turn: the one before may have installed them
 * @throws Error with the end of what apt-get printed
 */
export const aptInstall = (missing: () => Promise<readonly Program[]>, onProgress: Progress): Promise<void> =>
  // Two of these at once would take away each other's policy.
  alone('/run/lock/tongbao-install', async () => {
    const programs = await missing();
    if (programs.length === 0) return;
    onProgress('apt-get update');
    // One source that cannot be reached need not be the one that is wanted.
    await apt(['update']).catch((error: unknown) => {
      onProgress(String(error));
    });
    const names = await Promise.all(programs.map((each) => available(packages[each])));
    const install = ['install', '-y', '--no-install-recommends', ...names];
    onProgress(`apt-get ${install.join(' ')}`);
    await withoutServices(() => apt(install));
    // It would be started at the next boot.
    if (programs.includes('redis') && existsSync('/run/systemd/system'))
      await runProgram('systemctl', 'systemctl', ['disable', '--now', 'redis-server']);
  });

async function withoutServices(install: () => Promise<void>): Promise<void> {
  if (existsSync(policyPath)) return install();
  writeFileSync(policyPath, policy, { flag: 'wx', mode: 0o755 });
  try {
    await install();
  } finally {
    rmSync(policyPath);
  }
}

async function available(names: readonly string[]): Promise<string> {
  for (const name of names) {
    if (await succeeds('apt-cache', ['show', '--no-all-versions', name])) return name;
  }
  throw new Error(`this release has none of the packages ${names.join(', ')}`);
}

/** Another apt may be running: it is waited for. Its option for that covers the installation, not the lists that `update` writes. */
async function apt(args: readonly string[], waitMs = 300_000): Promise<void> {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', LC_ALL: 'C' };
  const giveUpAt = performance.now() + waitMs;
  for (;;) {
    try {
      await runProgram(`apt-get ${args.join(' ')}`, 'apt-get', ['-o', `DPkg::Lock::Timeout=${waitMs / 1_000}`, ...args], env);
      return;
    } catch (error) {
      const waits = error instanceof ProgramFailed && error.output.includes('Could not get lock') && performance.now() < giveUpAt;
      if (!waits) throw error;
    }
    await delay(1_000);
  }
}
