import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { startRedis } from '../src/index.js';
import { startOf } from '../src/process-table.js';
import { temporaryFolder } from './temporary-folder.js';

const folder = temporaryFolder();
const parent = async (name: string, ...more: string[]): Promise<{ process: ChildProcess; pid: number; port: number }> => {
  const script = join(import.meta.dirname, 'parent.mjs');
  const child = spawn(process.execPath, ['--no-warnings', '--experimental-transform-types', script, join(folder, name), ...more], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
  return { process: child, ...(JSON.parse(line) as { pid: number; port: number }) };
};
const gone = async (pid: number): Promise<void> => {
  while (startOf(pid) !== undefined) await delay(10);
};

describe('a service of a process that ends without having stopped it', () => {
  it('does not keep that process running, and ends with it', async () => {
    const { process, pid } = await parent('forgotten');
    if (process.exitCode === null) await once(process, 'exit');
    expect(process.exitCode).toBe(0);
    await gone(pid);
  });

  it.each(['SIGTERM', 'SIGINT', 'SIGKILL'] as const)('ends when %s ends that process', async (signal) => {
    const { process, pid } = await parent(signal, 'stay');
    process.kill(signal);
    await gone(pid);
  });

  it('ends although it is held, and a start on its folder waits for that', async () => {
    const { process: owner, pid, port } = await parent('held', 'stay');
    process.kill(pid, 'SIGSTOP');
    owner.kill('SIGKILL');
    await once(owner, 'exit');
    const redis = await startRedis({ dataDir: join(folder, 'held') });
    expect(startOf(pid)).toBeUndefined();
    expect(redis.port).toBe(port);
    await redis.stop();
  });
});

it('one that had ended before its start time could be looked up is not waited for', async () => {
  const dataDir = join(folder, 'ended');
  await (await startRedis({ dataDir })).stop();
  // As a start writes it whose server has ended at once.
  writeFileSync(join(dataDir, 'process.json'), JSON.stringify({ pid: 2 ** 22 + 1 }));
  await (await startRedis({ dataDir })).stop();
});

it('a service is out of reach of the terminal: it has a process group of its own', async () => {
  const redis = await startRedis({ dataDir: join(folder, 'group') });
  process.kill(-redis.pid, 0);
  await redis.stop();
  expect(() => process.kill(-redis.pid, 0)).toThrow('ESRCH');
});
