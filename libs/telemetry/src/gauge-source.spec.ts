import { describe, expect, it } from '@jest/globals';
import { GaugeSource } from './gauge-source.js';

describe('somebody who is asked for a gauge', () => {
  it('and never answers, holds no scrape for longer than two seconds, and is not asked twice at a time', async () => {
    let asked = 0;
    const errors: unknown[] = [];
    const never = new Promise<never>(() => undefined);
    const ask = () => {
      asked += 1;
      return never;
    };
    const source = new GaugeSource(ask, 0, (error) => errors.push(error));
    const both = await Promise.all([source.samples(), source.samples()]);
    expect(both).toEqual([[], []]);
    expect(asked).toBe(1);
    expect(String(errors[0])).toContain('no answer within 2000 ms');
  });

  it('gives no old figures once it fails', async () => {
    let fails = false;
    const ask = () => (fails ? Promise.reject(new Error('down')) : Promise.resolve([{ labels: {}, value: 1 }]));
    const source = new GaugeSource(ask, 0, () => undefined);
    expect(await source.samples()).toHaveLength(1);
    fails = true;
    expect(await source.samples()).toEqual([]);
    fails = false;
    expect(await source.samples()).toHaveLength(1);
  });
});
