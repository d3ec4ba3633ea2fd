/*
 * The auditor shares no code with what it audits: it knows the formats of events and messages from their documents alone, and works with plain JSON.
 */

/** A member of a JSON object whose shape is not taken for granted. */
export type Json = Record<string, unknown>;

/** An event as it lies in the store. */
export interface Recorded {
  position: bigint;
  id: string;
  stream: string;
  revision: number;
  type: string;
  data: Json;
}

/** @throws Error when the member is no text */
export function text(of: Json, name: string): string {
  const value = of[name];
  if (typeof value !== 'string') throw new Error(`${name} is ${JSON.stringify(value)} where a text is expected`);
  return value;
}

/** An integer of minor units, or a count. @throws Error when the member is no safe integer */
export function integer(of: Json, name: string): bigint {
  const value = of[name];
  if (typeof value !== 'number' || !Number.isSafeInteger(value))
    throw new Error(`${name} is ${JSON.stringify(value)} where an integer is expected`);
  return BigInt(value);
}

/** A list of objects; an absent one is empty. @throws Error when it is something else */
export function list(of: Json, name: string): Json[] {
  const value = of[name] ?? [];
  if (!Array.isArray(value)) throw new Error(`${name} is no list`);
  // Its members are only read through the functions above, which look.
  return value as Json[];
}

/** A list of texts. @throws Error when it is something else */
export function texts(of: Json, name: string): string[] {
  const value = of[name];
  if (!Array.isArray(value) || !value.every((each) => typeof each === 'string')) throw new Error(`${name} is no list of texts`);
  return value;
}

export const optionalText = (of: Json, name: string): string | undefined => (of[name] === undefined ? undefined : text(of, name));

/** A transfer in one line, for comparison. */
export const transferLine = (transfer: Json, currency: string): string =>
  `${text(transfer, 'from')} > ${text(transfer, 'to')} ${integer(transfer, 'amountMinor')} ${currency}`;

/** A tally by key. */
export class Sums {
  readonly #sums = new Map<string, bigint>();

  add(key: string, amount: bigint): void {
    this.#sums.set(key, (this.#sums.get(key) ?? 0n) + amount);
  }

  get(key: string): bigint {
    return this.#sums.get(key) ?? 0n;
  }

  entries(): [string, bigint][] {
    return [...this.#sums];
  }

  keys(): string[] {
    return [...this.#sums.keys()];
  }
}
