import type { EventStore } from '@tongbao/event-store';
import type { Bank } from '../src/bank.js';
import type { FolderEffects } from '../src/file-bank.folder.js';

/** The process was killed. */
export class Crash extends Error {
  override readonly name = 'Crash';
}

/** Kills a process at its n-th effect: just before it, or just after it, when nobody hears of it any more. */
export class CrashPlan {
  #effects = 0;
  isDead = false;

  constructor(
    private readonly at: number,
    private readonly when: 'before' | 'after',
  ) {}

  storeOf(store: EventStore): EventStore {
    return this.#wrap(store, ['append']);
  }

  effectsOf(effects: FolderEffects): FolderEffects {
    return this.#wrap(effects, ['write', 'rename']);
  }

  bankOf(bank: Bank): Bank {
    return this.#wrap(bank, ['instruct']);
  }

  #wrap<T extends object>(target: T, effects: readonly string[]): T {
    return new Proxy(target, {
      get: (object, name): unknown => {
        const member: unknown = Reflect.get(object, name, object);
        if (!isFunction(member)) return member;
        const call = (args: unknown[]): unknown => Reflect.apply(member, object, args);
        return effects.includes(String(name))
          ? (...args: unknown[]) => this.#effect(() => Promise.resolve(call(args)))
          : (...args: unknown[]) => this.#alive(() => call(args));
      },
    });
  }

  #alive<R>(call: () => R): R {
    if (this.isDead) throw new Crash('a dead process does nothing');
    return call();
  }

  async #effect<R>(call: () => Promise<R>): Promise<R> {
    return this.#alive(async () => {
      const isHere = (this.#effects += 1) === this.at;
      if (isHere && this.when === 'before') this.#die();
      const result = await call();
      if (isHere) this.#die();
      return result;
    });
  }

  #die(): never {
    this.isDead = true;
    throw new Crash(`killed ${this.when} effect ${this.at}`);
  }
}

const isFunction = (member: unknown): member is (...args: unknown[]) => unknown => typeof member === 'function';
