import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { alone, FolderInUse, lockFolder } from './folder-lock.js';

const folder = mkdtempSync(join(tmpdir(), 'tongbao-lock-'));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

it('has one holder', () => {
  const lock = lockFolder(join(folder, 'one'));
  expect(() => lockFolder(join(folder, 'one'))).toThrow(FolderInUse);
  lock.release();
  lockFolder(join(folder, 'one')).release();
});

it('lets one work at a time, also after work that failed', async () => {
  let working = 0;
  const work = async (result: 'done' | 'failed'): Promise<string> => {
    working += 1;
    expect(working).toBe(1);
    await new Promise(setImmediate);
    working -= 1;
    if (result === 'failed') throw new Error(result);
    return result;
  };
  const results = await Promise.allSettled(
    (['done', 'failed', 'done'] as const).map((result) => alone(join(folder, 'turns'), () => work(result))),
  );
  expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
});

it('does not wait for ever', async () => {
  const lock = lockFolder(join(folder, 'held'));
  await expect(alone(join(folder, 'held'), () => Promise.resolve(), 0)).rejects.toThrow(FolderInUse);
  lock.release();
});
