import { beforeEach, describe, expect, it } from '@jest/globals';
import { memoryCache } from '@tongbao/cache';
import type { Principal } from '@tongbao/service';
import { Admission } from './admission.js';

const platform = (platformId: string): Principal => ({ kind: 'platform', platformId });

describe('requests a second', () => {
  let nowMs: number;
  let admission: Admission;
  beforeEach(() => {
    nowMs = 0;
    const cache = memoryCache({ now: () => nowMs });
    admission = new Admission({ now: () => new Date(nowMs) }, cache, 2_000, 3);
  });

  it('are as many as the limit for each caller, and as many again in the next second', async () => {
    for (let request = 0; request < 3; request += 1) await admission.admit(platform('A'));
    await expect(admission.admit(platform('A'))).rejects.toMatchObject({ code: 'overloaded' });
    await admission.admit(platform('B'));
    nowMs = 999;
    await expect(admission.admit(platform('A'))).rejects.toMatchObject({ code: 'overloaded' });
    nowMs = 1_000;
    await admission.admit(platform('A'));
  });

  it('of 200 at the same moment are as many as the limit', async () => {
    const admitted = await Promise.allSettled(Array.from({ length: 200 }, () => admission.admit(platform('A'))));
    expect(admitted.filter(({ status }) => status === 'fulfilled')).toHaveLength(3);
  });

  it('of an operator are not those of a platform of the same name', async () => {
    for (let request = 0; request < 3; request += 1) await admission.admit(platform('jo'));
    await admission.admit({ kind: 'operator', name: 'jo', roles: ['ops'] });
  });
});
