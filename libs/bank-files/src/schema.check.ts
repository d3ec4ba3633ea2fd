import type { RefusalCode } from './problem.js';
import type { ComplexType, Particle } from './schema.js';

/** How far the children of one element have come, by its type. */
export class Progress {
  /** The particle that children are being taken for. */
  #at = 0;
  #count = 0;

  constructor(readonly type: ComplexType) {}

  /** Takes the next child; its particle and its number among its like, or what is wrong with it. */
  take(name: string): { particle: Particle; ordinal: number } | Violation {
    const index = this.type.byName.get(name);
    const particle = index === undefined ? undefined : this.type.particles[index];
    if (index === undefined || particle === undefined)
      return { code: 'element_unexpected', detail: `${name} is no part of ${this.type.name}` };
    if (index !== this.#at || this.type.kind === 'choice') {
      const violation = this.type.kind === 'choice' ? this.#choose(index, name) : this.#advance(index, name);
      if (violation !== undefined) return violation;
    }
    this.#count++;
    if (this.#count > particle.most) return { code: 'element_repeated', detail: `${name} may stand here ${timesOf(particle.most)}` };
    return { particle, ordinal: particle.most === 1 ? 0 : this.#count };
  }

  /** What is missing when there are no more children. */
  end(): Violation | undefined {
    const { kind, particles } = this.type;
    if (kind === 'sequence') return this.#missing(particles.length);
    if (this.#count > 0 || particles.some(({ least }) => least === 0)) return undefined;
    return { code: 'element_missing', detail: `one of ${particles.map(({ name }) => name).join(', ')} is missing` };
  }

  #choose(index: number, name: string): Violation | undefined {
    if (this.#count > 0 && index !== this.#at) {
      return {
        code: 'element_unexpected',
        detail: `${name} cannot stand beside ${this.type.particles[this.#at]?.name ?? ''}: it is one or the other`,
      };
    }
    this.#at = index;
    return undefined;
  }

  #advance(index: number, name: string): Violation | undefined {
    if (index < this.#at) {
      const before = this.type.particles[this.#at]?.name ?? '';
      return { code: 'element_unexpected', detail: `${name} must stand before ${before}` };
    }
    const missing = this.#missing(index);
    this.#at = index;
    this.#count = 0;
    return missing;
  }

  #missing(end: number): Violation | undefined {
    for (let index = this.#at; index < end; index++) {
      const particle = this.type.particles[index];
      const count = index === this.#at ? this.#count : 0;
      if (particle !== undefined && count < particle.least) return { code: 'element_missing', detail: `${particle.name} is missing` };
    }
    return undefined;
  }
}

export interface Violation {
  readonly code: Extract<RefusalCode, 'element_unexpected' | 'element_repeated' | 'element_missing'>;
  readonly detail: string;
}

const timesOf = (most: number): string => (most === 1 ? 'once' : `${most} times`);
