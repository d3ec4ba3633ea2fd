/** A stream of pseudo-random numbers that is the same for the same seed, on every machine. */
export interface Random {
  /** From 0 to below `below`. */
  integer(below: number): number;
  /** True with this chance. */
  chance(probability: number): boolean;
  pick<T>(from: readonly T[]): T;
}

/**
 * Mulberry32 (Tommy Ettinger): 32 bits of state, good enough for test data, in four lines.
 * @param labels what the stream is for: each name gives a stream of its own, so one drawing more often does not change the others
 */
export function randomOf(seed: number, ...labels: (string | number)[]): Random {
  let state = hashOf(`${seed}/${labels.join('/')}`);
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
  return {
    integer: (below) => Math.floor(next() * below),
    chance: (probability) => next() < probability,
    pick: (from) => {
      const picked = from[Math.floor(next() * from.length)];
      if (picked === undefined) throw new Error('there is nothing to pick from');
      return picked;
    },
  };
}

/** FNV-1a, 32 bits. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  return hash >>> 0;
}
