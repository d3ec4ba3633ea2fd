import { windowIdOf } from '../src/models.js';
import { settlementProjection } from '../src/settlement.projection.js';
import { isMoneyFactKind } from '../src/sides.js';
import { MemoryLog, postedFor, type Fact } from './facts.js';
import { MemoryRows } from './memory-rows.js';

export const now = '2026-01-31T00:00:00Z';

/** The projection's fold over a log in memory. */
export class Scenario {
  readonly log = new MemoryLog();
  readonly rows = new MemoryRows();
  #sequence = 1;
  #posted = 0;

  async fact(stream: string, event: Fact): Promise<bigint> {
    const stored = this.log.append(stream, event);
    await settlementProjection.apply(stored, this.rows);
    return stored.position;
  }

  payment = (event: Fact & { paymentId: string }) => this.fact(`payment-${event.paymentId}`, event);

  async close(): Promise<bigint> {
    const currency = 'USD';
    const reference = { windowId: windowIdOf('dnm', currency, this.#sequence), model: 'dnm', currency, sequence: this.#sequence };
    if (this.rows.all('windows').length === 0)
      await this.fact(`window-${reference.windowId}`, { type: 'WindowOpened', ...reference, openedAt: now });
    this.#sequence += 1;
    const closed = {
      type: 'WindowClosed' as const,
      ...reference,
      nextWindowId: windowIdOf('dnm', currency, this.#sequence),
      closedAt: now,
      by: 'operator:fin',
    };
    return this.fact(`window-${reference.windowId}`, closed);
  }

  /** The ledger posts every fact so far, in one batch. */
  async post(): Promise<void> {
    const facts = this.log.events.slice(this.#posted).filter(({ event }) => isMoneyFactKind(event.type));
    this.#posted = this.log.events.length;
    await this.fact('journal-main', postedFor(facts, this.log.events.at(-1)?.position ?? 0n, 1));
  }

  nets(windowId?: string): Record<string, number> {
    const rows = this.rows.all('windowNets').filter((row) => windowId === undefined || row.windowId === windowId);
    return Object.fromEntries(rows.map(({ party, receivedMinor, paidMinor }) => [party, Number(receivedMinor - paidMinor)]));
  }

  carried = () => Object.fromEntries(this.rows.all('carries').map(({ party, amountMinor }) => [party, Number(amountMinor)]));
  cash = () =>
    this.rows.all('bankCash').map(({ cashMinor, transitMinor }) => ({ cash: Number(cashMinor), transit: Number(transitMinor) }))[0];
  window = (sequence: number) => this.rows.all('windows').find((row) => row.sequence === sequence)!;
}
