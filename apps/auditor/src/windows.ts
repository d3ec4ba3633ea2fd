import { Sums, text, type Json, type Recorded } from './record.js';
import { sidesOf, type Side } from './sides.js';

/** The sides between two WindowClosed of a model and currency. */
export interface Window {
  windowId: string;
  currency: string;
  nets: Sums;
  sides: Sums;
  /** Nets of parties by payment. */
  payments: Map<string, Sums>;
  settledBy?: string;
}

const firstModel = 'dnm';

/**
 * Every side of every transfer in the window that was open at its place in the log, by the model that its party was on there. A change of model counts from when
 * the old model's window closes.
 */
export class Windows {
  readonly problems: string[] = [];
  readonly closed = new Map<string, Window>();
  /** By model and currency. */
  readonly open = new Map<string, Window>();
  readonly #sequences = new Map<string, bigint>();
  readonly #models = new Map<string, { now: string; next?: string }>();

  follow(event: Recorded): void {
    const { type, data } = event;
    for (const side of sidesOf(event)) this.#take(side);
    if (type === 'PartyModelSet') this.#assign(data);
    else if (type === 'WindowClosed') this.#close(data);
    else if (type === 'WindowSettled') this.#settle(data);
  }

  #take({ party, amount, currency, paymentId }: Side): void {
    const { nets, sides, payments } = this.#openOf(this.#models.get(`${party} ${currency}`)?.now ?? firstModel, currency);
    nets.add(party, amount);
    sides.add(party, 1n);
    if (paymentId === undefined) return;
    const own = payments.get(paymentId) ?? new Sums();
    payments.set(paymentId, own);
    own.add(party, amount);
  }

  #openOf(model: string, currency: string): Window {
    const key = `${model} ${currency}`;
    const found = this.open.get(key) ?? {
      windowId: `the open one of ${key}`,
      currency,
      nets: new Sums(),
      sides: new Sums(),
      payments: new Map(),
    };
    this.open.set(key, found);
    return found;
  }

  #assign(data: Json): void {
    const key = `${text(data, 'party')} ${text(data, 'currency')}`;
    const now = this.#models.get(key)?.now ?? firstModel;
    const next = text(data, 'model');
    this.#models.set(key, next === now ? { now } : { now, next });
  }

  #close(data: Json): void {
    const [windowId, model, currency] = [text(data, 'windowId'), text(data, 'model'), text(data, 'currency')];
    const key = `${model} ${currency}`;
    const sequence = BigInt(windowId.slice(windowId.lastIndexOf('_') + 1));
    if (sequence !== (this.#sequences.get(key) ?? 0n) + 1n)
      this.problems.push(`${windowId} was closed after ${this.#sequences.get(key) ?? 0n}`);
    this.#sequences.set(key, sequence);
    this.closed.set(windowId, { ...this.#openOf(model, currency), windowId });
    this.open.delete(key);
    for (const [of, { now, next }] of this.#models)
      if (now === model && next !== undefined && of.endsWith(` ${currency}`)) this.#models.set(of, { now: next });
  }

  #settle(data: Json): void {
    const window = this.closed.get(text(data, 'windowId'));
    if (!window) this.problems.push(`${text(data, 'windowId')} was settled before it was closed`);
    else if (window.settledBy !== undefined)
      this.problems.push(`${window.windowId} was settled by ${window.settledBy} and by ${text(data, 'settlementId')}`);
    else window.settledBy = text(data, 'settlementId');
  }
}
