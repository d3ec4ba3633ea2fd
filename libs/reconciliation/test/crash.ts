import type { EventStore } from '@tongbao/event-store';

/** The process was killed. */
export class Crash extends Error {
  override readonly name = 'Crash';
}

/** Kills a process at its n-th append: just before it, or just after it, when nobody hears of it any more. */
export class CrashPlan {
  #appends = 0;
  isDead = false;

  constructor(
    private readonly at: number,
    private readonly when: 'before' | 'after',
  ) {}

  storeOf(store: EventStore): EventStore {
    return new Proxy(store, {
      get: (object, name): unknown => {
        const member: unknown = Reflect.get(object, name, object);
        if (typeof member !== 'function') return member;
        const call = (args: unknown[]): unknown => Reflect.apply(member, object, args);
        return name === 'append'
          ? (...args: unknown[]) => this.#append(() => Promise.resolve(call(args)))
          : (...args: unknown[]) => this.#alive(() => call(args));
      },
    });
  }

  #alive<R>(call: () => R): R {
    if (this.isDead) throw new Crash('a dead process does nothing');
    return call();
  }

  #append<R>(call: () => Promise<R>): Promise<R> {
    return this.#alive(async () => {
      const isHere = (this.#appends += 1) === this.at;
      if (isHere && this.when === 'before') this.#die();
      const result = await call();
      if (isHere) this.#die();
      return result;
    });
  }

  #die(): never {
    this.isDead = true;
    throw new Crash(`killed ${this.when} append ${this.at}`);
  }
}
