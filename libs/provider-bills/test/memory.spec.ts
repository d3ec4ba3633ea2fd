import { expectPlanted, reconcileMany } from './a-million.js';

it('a hundred thousand payments, with fees and refunds, need no memory for themselves', async () => {
  const run = await reconcileMany('wechat', 100_000);
  expectPlanted(run, 300);
  expect([run.matched, run.ends]).toEqual([99_996, { trade: { rows: 100_000, verified: true }, fund: { rows: 189_998, verified: true } }]);
});
