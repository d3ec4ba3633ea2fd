import type { LogAlarm } from './log.decide.js';

/** Something is wrong with the log itself; nothing is signed until it is explained. */
export class LogAlarmed extends Error {
  override readonly name = 'LogAlarmed';
  constructor(
    readonly alarm: LogAlarm,
    detail: string,
  ) {
    super(`${alarm}: ${detail}`);
  }
}

/** What is wrong at present, by who found it: `tree` (the log itself, when it was to be signed) or a witness. */
export class LogAlarms {
  readonly #found = new Map<string, LogAlarmed>();

  /** @param onAlarm told once for as long as the alarm is the same */
  constructor(private readonly onAlarm: (by: string, alarm: LogAlarmed) => void) {}

  raise(by: string, alarm: LogAlarmed): void {
    const before = this.#found.get(by);
    this.#found.set(by, alarm);
    if (before?.message !== alarm.message) this.onAlarm(by, alarm);
  }

  clear(by: string): void {
    this.#found.delete(by);
  }

  /** What a witness has said, for whoever is about to sign. */
  get ofWitnesses(): LogAlarmed | undefined {
    return [...this.#found].find(([by]) => by !== 'tree')?.[1];
  }

  get any(): LogAlarmed | undefined {
    return this.#found.get('tree') ?? this.ofWitnesses;
  }
}
