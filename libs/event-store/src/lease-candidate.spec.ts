import { describe, expect, it } from '@jest/globals';
import { setImmediate as nextTurn } from 'node:timers/promises';
import fc from 'fast-check';
import { StoreUnavailable, WrongRevision } from './errors.js';
import { eventIdOf, type AppendContext, type DomainEvent, type StoredEvent } from './event.js';
import type { Appended, Expected } from './event-store.js';
import { Candidate, type LeaseEvent } from './lease-candidate.js';

const ttlMs = 800;

interface Asked {
  takeEffect: () => unknown;
  effect?: { result: unknown };
  resolve: (result: unknown) => void;
  reject: (error: unknown) => void;
}

/** A store with one stream. What is asked of it takes effect, and is answered, when the test says so, and in the order it says. */
class SlowStore {
  readonly events: { event: LeaseEvent; id: string }[] = [];
  readonly asked: Asked[] = [];

  append(_: string, expected: Expected, [event]: readonly DomainEvent[], { commandId }: AppendContext): Promise<Appended> {
    const id = eventIdOf(commandId, 0, event!.type, JSON.stringify(event));
    return this.#ask(() => {
      const next = typeof expected === 'number' ? expected + 1 : 0;
      if (this.events[next]?.id === id) return { revision: next, position: BigInt(next) };
      if (this.events.length !== next) return new WrongRevision('lease', this.events.length - 1);
      this.events.push({ event: event as LeaseEvent, id });
      return { revision: next, position: BigInt(next) };
    });
  }

  readLast<E extends DomainEvent>(stream: string): Promise<StoredEvent<E> | undefined> {
    return this.#ask(() => {
      const revision = this.events.length - 1;
      const last = this.events[revision];
      return last && { ...last, stream, revision, position: BigInt(revision), metadata: {}, createdAt: new Date(0) };
    });
  }

  keepNewest(): Promise<void> {
    return Promise.resolve();
  }

  #ask<T>(takeEffect: () => unknown): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    this.asked.push({ takeEffect, resolve, reject });
    return promise as Promise<T>;
  }

  takeEffect(number: number): void {
    const asked = this.asked[number % this.asked.length];
    if (asked) asked.effect ??= { result: asked.takeEffect() };
  }

  answer(number: number): void {
    this.takeEffect(number);
    const [asked] = this.asked.splice(number % this.asked.length, 1);
    if (asked?.effect?.result instanceof Error) asked.reject(asked.effect.result);
    else asked?.resolve(asked.effect?.result);
  }

  /** Nobody is told whether it has taken effect; it may do so later. */
  leaveOpen(number: number): void {
    this.asked[number % this.asked.length]?.reject(new StoreUnavailable('no answer'));
  }
}

/** Candidates for one lease in one time. Each has a clock of its own that began elsewhere and goes as fast as all others. */
class World {
  readonly store = new SlowStore();
  readonly candidates: { holder: string; candidate: Candidate; isBusy: boolean }[] = [];
  #time = 0;

  stand(): void {
    const number = this.candidates.length;
    const holder = `holder ${number}`;
    const monotonicNow = () => this.#time + number * 1_000_000;
    this.candidates.push({
      holder,
      candidate: new Candidate({ store: this.store, name: 'x', holder, ttlMs, monotonicNow }),
      isBusy: false,
    });
  }

  step(number: number): void {
    const chosen = this.candidates[number % this.candidates.length];
    if (!chosen || chosen.isBusy || chosen.candidate.isLost) return;
    chosen.isBusy = true;
    const done = () => {
      chosen.isBusy = false;
    };
    chosen.candidate.step().then(done, done);
  }

  /** A step whose every question is answered at once, while others still wait. */
  async wholeStep(number: number): Promise<void> {
    const before = this.store.asked.length;
    this.step(number);
    await nextTurn();
    while (this.store.asked.length > before) {
      this.store.answer(this.store.asked.length - 1);
      await nextTurn();
    }
  }

  pass(ms: number): void {
    this.#time += ms;
  }

  get leaders() {
    return this.candidates.filter(({ candidate }) => candidate.leads);
  }

  check(): void {
    expect(this.leaders.length).toBeLessThanOrEqual(1);
    const acquired = this.store.events.map(({ event }) => event).filter(({ type }) => type === 'LeaseAcquired');
    expect(acquired.map(({ epoch }) => epoch)).toEqual(acquired.map((_, index) => index + 1));
    const newest = acquired.at(-1);
    for (const { candidate } of this.leaders) {
      expect(candidate.term).toMatchObject({ epoch: newest?.epoch, holder: newest?.holder });
    }
    for (const { holder, candidate } of this.candidates) if (candidate.isLost) expect(newest?.holder).not.toBe(holder);
  }
}

type Action = readonly [what: 'pass' | 'step' | 'whole step' | 'take effect' | 'answer' | 'leave open', number: number];

const actionOf = (what: Action[0], least: number, most: number) => fc.tuple(fc.constant(what), fc.integer({ min: least, max: most }));
const actions = fc.array(
  fc.oneof(
    { weight: 3, arbitrary: actionOf('pass', 1, ttlMs / 2) },
    { weight: 1, arbitrary: actionOf('pass', ttlMs / 2, 2 * ttlMs) },
    { weight: 2, arbitrary: actionOf('step', 0, 5) },
    { weight: 6, arbitrary: actionOf('whole step', 0, 5) },
    { weight: 2, arbitrary: actionOf('take effect', 0, 5) },
    { weight: 3, arbitrary: actionOf('answer', 0, 5) },
    { weight: 1, arbitrary: actionOf('leave open', 0, 5) },
  ),
  { minLength: 20, maxLength: 120, size: 'max' },
);

async function act(world: World, [what, number]: Action): Promise<void> {
  if (what === 'pass') world.pass(number);
  else if (what === 'step') world.step(number);
  else if (what === 'whole step') await world.wholeStep(number);
  else if (world.store.asked.length > 0) {
    if (what === 'take effect') world.store.takeEffect(number);
    else if (what === 'answer') world.store.answer(number);
    else world.store.leaveOpen(number);
  }
  await nextTurn();
  world.check();
}

const both = (): World => {
  const world = new World();
  world.stand();
  world.stand();
  return world;
};

describe('a candidate', () => {
  it('that is told of its success too late does not lead', async () => {
    const world = both();
    await act(world, ['step', 0]);
    await act(world, ['answer', 0]);
    await act(world, ['take effect', 0]);
    await act(world, ['whole step', 1]);
    await act(world, ['pass', ttlMs]);
    await act(world, ['whole step', 1]);
    await act(world, ['answer', 0]);
    expect(world.leaders).toEqual([world.candidates[1]]);
  });

  it('that was not told of its success, and finds out, does not lead before it has renewed', async () => {
    const world = both();
    await act(world, ['step', 0]);
    await act(world, ['answer', 0]);
    await act(world, ['take effect', 0]);
    await act(world, ['leave open', 0]);
    await act(world, ['answer', 0]);
    await act(world, ['whole step', 1]);
    await act(world, ['pass', ttlMs - 1]);
    await act(world, ['step', 0]);
    await act(world, ['answer', 0]);
    expect(world.leaders).toEqual([]);
    await act(world, ['pass', 1]);
    await act(world, ['whole step', 1]);
    expect(world.leaders).toEqual([world.candidates[1]]);
    await act(world, ['answer', 0]);
    await act(world, ['answer', 0]);
    expect(world.candidates[0]?.candidate.isLost).toBe(true);
  });

  it('that renews after its time finds the lease as it left it, and leads on with the same epoch', async () => {
    const world = both();
    await act(world, ['whole step', 0]);
    await act(world, ['pass', 10 * ttlMs]);
    expect(world.leaders).toEqual([]);
    await act(world, ['whole step', 0]);
    expect(world.leaders).toEqual([world.candidates[0]]);
    expect(world.candidates[0]?.candidate.term?.epoch).toBe(1);
  });
});

describe('candidates for a lease, however their steps, the store and the time interleave', () => {
  it('never lead two at a time, never hold an epoch twice, and one leads in the end', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 2, max: 3 }), actions, async (count, interleaving) => {
        const world = new World();
        for (let number = 0; number < count; number += 1) world.stand();
        for (const action of interleaving) await act(world, action);
        // Once all goes well again, with a newcomer in case all others have lost it.
        world.stand();
        for (let round = 0; round < 100 && (round < 30 || world.leaders.length === 0); round += 1) {
          await act(world, ['pass', ttlMs / 10]);
          for (const number of world.candidates.keys()) await act(world, ['step', number]);
          while (world.store.asked.length > 0) await act(world, ['answer', 0]);
        }
        expect(world.leaders).toHaveLength(1);
      }),
      { numRuns: 200 },
    );
    // To make a counterexample small takes its time.
  }, 120_000);
});
