/** One loop's side of the watch. */
export interface Loop {
  /** It has made progress, a try that failed because something is down included: whoever tries again is alive. */
  beat(): void;
  /** It waits for work, for as long as there is none. */
  idle(): void;
  /** It has ended as it should. */
  end(): void;
}

export interface LoopStatus {
  name: string;
  /** Since it last made progress; 0 while it is idle. */
  ageMs: number;
  /** Neither progress nor rest for longer than it may take. */
  stuck: boolean;
}

/** What gives out loops: a fold, a consumer, a relay. The smallest thing that a library needs to be watched. */
export interface Loops {
  /** @param maxSilentMs longer than anything that one round may take, tries within it included; a minute when left out */
  register(name: string, maxSilentMs?: number): Loop;
}

interface Watched {
  name: string;
  maxSilentMs: number;
  /** Undefined while idle. */
  lastBeatMs: number | undefined;
}

/**
 * Whether every loop of a process makes progress. It says nothing of what the loops depend on: one that tries again and again is alive, one that hangs
 * in the middle of something is not, and only a restart helps.
 */
export class LoopWatch implements Loops {
  readonly #loops = new Set<Watched>();

  /** @param nowMs a clock that only goes forward */
  constructor(private readonly nowMs: () => number = () => performance.now()) {}

  register(name: string, maxSilentMs = 60_000): Loop {
    const watched: Watched = { name, maxSilentMs, lastBeatMs: this.nowMs() };
    this.#loops.add(watched);
    return {
      beat: () => {
        watched.lastBeatMs = this.nowMs();
      },
      idle: () => {
        watched.lastBeatMs = undefined;
      },
      end: () => {
        this.#loops.delete(watched);
      },
    };
  }

  /** One line for each name: of loops that share one, the oldest. */
  status(): LoopStatus[] {
    const byName = new Map<string, LoopStatus>();
    for (const { name, maxSilentMs, lastBeatMs } of this.#loops) {
      const ageMs = lastBeatMs === undefined ? 0 : this.nowMs() - lastBeatMs;
      const stuck = ageMs > maxSilentMs;
      const other = byName.get(name);
      if (!other || ageMs > other.ageMs) byName.set(name, { name, ageMs, stuck: stuck || (other?.stuck ?? false) });
      else if (stuck) other.stuck = true;
    }
    return [...byName.values()];
  }
}
