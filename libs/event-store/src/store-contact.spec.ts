import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { StoreUnavailable, WrongRevision } from './errors.js';
import { StoreContact } from './store-contact.js';

const silentForMs = 2_000;
const retryForMs = 10_000;

const unreachable = (): Error => Object.assign(new Error('14 UNAVAILABLE'), { code: 14 });

/** What became of something, as far as is known. */
function watched<T>(promise: Promise<T>): { outcome: unknown } {
  const watch: { outcome: unknown } = { outcome: 'open' };
  promise.then(
    (value) => (watch.outcome = value),
    (error: unknown) => (watch.outcome = error),
  );
  return watch;
}

const never = (): Promise<string> => new Promise(() => undefined);

describe('the contact with a store', () => {
  let contact: StoreContact;
  beforeEach(() => {
    jest.useFakeTimers();
    contact = new StoreContact({ silentForMs, retryForMs });
  });
  afterEach(() => {
    jest.restoreAllMocks();
    jest.useRealTimers();
  });

  const pass = (ms: number) => jest.advanceTimersByTimeAsync(ms);

  it('that says nothing to anybody is lost after that time', async () => {
    const asked = watched(contact.untilKnown(never));
    await pass(silentForMs - 1);
    expect(asked.outcome).toBe('open');
    expect(contact.isLost).toBe(false);
    await pass(1);
    expect(asked.outcome).toBeInstanceOf(StoreUnavailable);
    expect(contact.isLost).toBe(true);
  });

  it('that answers others is only slow: who asks waits', async () => {
    let answer: (text: string) => void = () => undefined;
    const asked = watched(contact.untilKnown(() => new Promise<string>((resolve) => (answer = resolve))));
    for (let second = 0; second < 30; second += 1) {
      await pass(1_000);
      contact.heard();
    }
    expect(asked.outcome).toBe('open');
    answer('at last');
    await pass(0);
    expect(asked.outcome).toBe('at last');
  });

  it('that fails is tried again for that time, and by those who come later only twice', async () => {
    let tries = 0;
    const ask = () => {
      tries += 1;
      return Promise.reject(unreachable());
    };
    const first = watched(contact.untilKnown(ask));
    await pass(silentForMs);
    expect(first.outcome).toBeInstanceOf(StoreUnavailable);
    expect(tries).toBeGreaterThan(3);
    expect(contact.isLost).toBe(true);
    tries = 0;
    const later = watched(contact.untilKnown(ask));
    await pass(50);
    expect(later.outcome).toBeInstanceOf(StoreUnavailable);
    expect(tries).toBe(2);
  });

  it('that answers again has everybody’s patience again', async () => {
    watched(contact.untilKnown(() => Promise.reject(unreachable())));
    await pass(silentForMs);
    expect(await contact.untilKnown(() => Promise.resolve('here'))).toBe('here');
    expect(contact.isLost).toBe(false);
    let fails = 2;
    const asked = watched(contact.untilKnown(() => ((fails -= 1) >= 0 ? Promise.reject(unreachable()) : Promise.resolve('here'))));
    await pass(silentForMs);
    expect(asked.outcome).toBe('here');
  });

  it('that fails this question alone has patience for longer, and not for ever', async () => {
    const asked = watched(contact.untilKnown(() => Promise.reject(unreachable())));
    const beat = setInterval(() => contact.heard(), 100);
    await pass(retryForMs - 1_500);
    expect(asked.outcome).toBe('open');
    await pass(1_500);
    clearInterval(beat);
    expect(asked.outcome).toBeInstanceOf(StoreUnavailable);
  });

  it('that refuses has been heard', async () => {
    const asked = watched(contact.untilKnown(never));
    await pass(1_500);
    await expect(contact.untilKnown(() => Promise.reject(new WrongRevision('thing-1', 4)))).rejects.toThrow(WrongRevision);
    await pass(1_500);
    expect(asked.outcome).toBe('open');
    await pass(500);
    expect(asked.outcome).toBeInstanceOf(StoreUnavailable);
  });

  it('is not lost because this process was busy itself: it reads first what has come meanwhile', async () => {
    let answer: (text: string) => void = () => undefined;
    const asked = watched(contact.untilKnown(() => new Promise<string>((resolve) => (answer = resolve))));
    // The clock goes on, and no timer comes in its time.
    jest.setSystemTime(Date.now() + 5_000);
    const now = performance.now();
    jest.spyOn(performance, 'now').mockImplementation(() => now + 5_000);
    jest.advanceTimersByTime(silentForMs);
    answer('it was there');
    await pass(0);
    expect(asked.outcome).toBe('it was there');
  });
});
