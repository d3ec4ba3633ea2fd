import { expectPlanted, reconcileMany } from './a-million.js';

it.each([
  ['wechat', 999_996],
  ['alipay', 999_998],
  ['stripe', 999_996],
])(
  'a million payments of %s: each error that was put in is found, nothing else is, in less than 300 MB',
  async (provider, matched) => {
    const run = await reconcileMany(provider, 1_000_000);
    expectPlanted(run, 300);
    expect(run.matched).toBe(matched);
  },
  600_000,
);
