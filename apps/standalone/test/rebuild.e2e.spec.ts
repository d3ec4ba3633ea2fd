import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { eventually } from '@tongbao/testing';
import { expectStatus, orderOf, World } from './world.js';

let world: World;
beforeAll(async () => {
  world = await World.begin();
}, 60_000);
afterAll(() => world.end());

it('projections are rebuilt while payments come in: equal to the live ones, and intake goes on', async () => {
  const before = 300;
  const pay = async () =>
    expectStatus(await world.platform('A').post('/v1/payments', orderOf('A', 1000, { processorId: 'B' }), { waitSeconds: 20 }), 201);
  for (let number = 0; number < before; number += 20) await Promise.all(Array.from({ length: 20 }, pay));

  const ops = world.operator('ops');
  const jobOf = async (name: string) => (await ops.get(`/v1/projections/${name}`)).body.job;
  let building = true;
  let paidMeanwhile = 0;
  const payers = Array.from({ length: 4 }, async () => {
    while (building) {
      await pay();
      paidMeanwhile += 1;
    }
  });
  const { items } = expectStatus(await ops.get('/v1/projections'), 200).body;
  const names = items.map(({ name }: { name: string }) => name);
  expect(names).toEqual(expect.arrayContaining(['payment', 'ledger', 'log', 'settlement', 'finance', 'notification']));
  for (const name of names) {
    expectStatus(await ops.post(`/v1/projections/${name}/rebuild`), 202);
    expect(expectStatus(await ops.post(`/v1/projections/${name}/rebuild`), 409).body.code).toBe('state_conflict');
    expect(
      await eventually(
        () => jobOf(name),
        ({ state }) => state !== 'running',
        90_000,
      ),
    ).toMatchObject({ state: 'done', report: { equal: true, differences: [] } });
  }
  building = false;
  await Promise.all(payers);
  expect(paidMeanwhile).toBeGreaterThan(0);
  // Nothing is being built any more.
  for (const verb of ['stop', 'resume', 'drop']) expectStatus(await ops.post(`/v1/projections/finance/${verb}`), 409);
  const all = before + paidMeanwhile;
  await world.balancesBecome('CNY', { 'platform:A': 900 * all, 'platform:B': -50 * all, 'hub:fees': 150 * all });
}, 180_000);
