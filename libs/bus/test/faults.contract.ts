import { isDeepStrictEqual } from 'node:util';
import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Outage } from '@tongbao/event-store';
import { commandTopic, newsTopic, numberIn, until, type ProcessSetup, type TestHandler, type TestProcess, type World } from './harness.js';

/** Outages, and everything at once. */
export function describeFaults(world: () => World): void {
  it('pauses only the partition of an outage, and recovers by itself without a dead letter', async () => {
    const handled = new Map<string, number[]>();
    let down = true;
    const process = await world().start({
      groups: [
        {
          group: 'reader',
          handlers: {
            [newsTopic]: {
              Counted: ({ key, data }) => {
                if (key === 'k0' && down) throw new Outage('the provider is down');
                handled.set(key, [...(handled.get(key) ?? []), data.n]);
              },
            },
          },
        },
      ],
      // Few, so that the paused partition has to be left out while the others go on.
      maxOpen: 4,
    });
    const keys = Array.from({ length: 30 }, (_, index) => `k${index}`);
    for (let n = 0; n < 20; n += 1) await Promise.all(keys.map((key) => world().emit(key, 'Counted', n)));
    const whole = () => [...handled.values()].filter((numbers) => numbers.length === 20).length;
    const paused = () => process.status('reader').topics[0]?.paused ?? [];
    await until(() => whole() >= 15 && paused().length === 1);
    expect(paused()[0]).toMatchObject({ error: 'Outage: the provider is down', since: expect.any(Date) });
    expect(handled.get('k0')).toBeUndefined();
    down = false;
    await until(() => whole() === 30);
    const inOrder = Array.from({ length: 20 }, (_, n) => n);
    expect([...handled.values()]).toEqual(keys.map(() => inOrder));
    await until(() => paused().length === 0);
    expect(process.status('reader').topics[0]).toMatchObject({ dead: 0 });
    expect((await process.deadLetters('reader').list({ all: true })).items).toEqual([]);
  });

  it('keeps to the contract whatever the mixture of keys, poison, outages and crashes', async () => {
    await fc.assert(
      fc.asyncProperty(storyArbitrary, async (story) => {
        await tell(world(), story);
      }),
      { numRuns: 12, verbose: fc.VerbosityLevel.Verbose },
    );
  });
}

interface Step {
  key: number;
  fate: 'fine' | 'poison' | 'outage';
}

interface Story {
  steps: Step[];
  crashes: { write: number; after: boolean }[];
}

const storyArbitrary: fc.Arbitrary<Story> = fc.record({
  steps: fc.array(
    fc.record({
      key: fc.integer({ min: 0, max: 4 }),
      fate: fc.oneof(
        { weight: 8, arbitrary: fc.constant('fine' as const) },
        { weight: 1, arbitrary: fc.constant('poison' as const) },
        { weight: 2, arbitrary: fc.constant('outage' as const) },
      ),
    }),
    { minLength: 1, maxLength: 40 },
  ),
  crashes: fc.array(fc.record({ write: fc.integer({ min: 1, max: 12 }), after: fc.boolean() }), { maxLength: 4 }),
});

type ByKey = Record<string, number[]>;

let stories = 0;

/** Runs a group through its crashes, lets it come to rest, then mends the poison and releases what is parked. */
async function tell(world: World, { steps, crashes }: Story): Promise<void> {
  stories += 1;
  const group = `story${stories}`;
  // Keys of its own: what earlier stories left on the topic is told apart.
  const told = steps.map(({ key, fate }, n) => ({ n, key: `${group}k${key}`, fate }));
  const runs: { key: string; n: number }[][] = [];
  let poisonous = true;
  const setup = (dieAt?: ProcessSetup['dieAt']): ProcessSetup => {
    const run: { key: string; n: number }[] = [];
    runs.push(run);
    const tried = new Set<number>();
    const handler: TestHandler = async ({ key, data: { n } }) => {
      await Promise.resolve();
      if (!key.startsWith(`${group}k`)) return;
      if (told[n]?.fate === 'poison' && poisonous) throw new TypeError('poison');
      if (told[n]?.fate === 'outage' && !tried.has(n)) {
        tried.add(n);
        throw new Outage('down');
      }
      run.push({ key, n });
    };
    return { groups: [{ group, handlers: { [commandTopic]: { Do: handler } } }], save: 'soon', maxOpen: 5, ...(dieAt && { dieAt }) };
  };
  const handledThen = byKey(told.filter((step) => !isBuried(step, told)));
  const buriedThen = byKey(told.filter((step) => isBuried(step, told)));
  const atRest = async (process: TestProcess) =>
    process.deadLetters(group).parkedKeys().length === Object.keys(buriedThen).length &&
    same(handledIn(runs), handledThen) &&
    same(await buriedIn(process, group), buriedThen);

  for (const { n, key } of told) await world.send(commandTopic, key, 'Do', n);
  for (const dieAt of crashes) {
    const process = await world.start(setup(dieAt));
    await until(async () => process.dead || (await atRest(process)));
    process.crash();
  }
  const last = await world.start(setup());
  await until(() => atRest(last));
  poisonous = false;
  for (const { key, topic } of last.deadLetters(group).parkedKeys()) await last.deadLetters(group).release(topic, key, 'olga');
  expect(await buriedIn(last, group)).toEqual({});
  expect(handledIn(runs)).toEqual(byKey(told));
  for (const run of runs)
    for (const numbers of Object.values(byKey(run))) expect(numbers).toEqual([...new Set(numbers)].toSorted((left, right) => left - right));
  await last.stop();
}

interface Told {
  n: number;
  key: string;
  fate: Step['fate'];
}

/** It is poison, or an earlier message of its key is. */
const isBuried = (step: Told, told: Told[]): boolean =>
  told.some(({ n, key, fate }) => fate === 'poison' && key === step.key && n <= step.n);

function byKey(steps: { key: string; n: number }[]): ByKey {
  const numbers: ByKey = {};
  for (const { key, n } of steps) (numbers[key] ??= []).push(n);
  return numbers;
}

/** The first time of each message, over all runs. */
const handledIn = (runs: { key: string; n: number }[][]): ByKey =>
  Object.fromEntries(Object.entries(byKey(runs.flat())).map(([key, numbers]) => [key, [...new Set(numbers)]]));

async function buriedIn(process: TestProcess, group: string): Promise<ByKey> {
  const { items } = await process.deadLetters(group).list({ limit: 1_000 });
  return byKey(items.map(({ record }) => ({ key: record.key!, n: numberIn(record) })));
}

const same = (left: ByKey, right: ByKey): boolean => isDeepStrictEqual(left, right);
