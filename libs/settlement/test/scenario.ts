import { isMoneyFactKind } from '@tongbao/contracts';
import { assignmentStream } from '../src/assignment.js';
import { modelStream } from '../src/model.js';
import { windowIdOf } from '../src/models.js';
import { settlementProjection } from '../src/settlement.projection.js';
import { MemoryLog, postedFor, type Fact } from './facts.js';
import { modelFor } from './model-for.js';
import { MemoryRows } from './memory-rows.js';

export const now = '2026-01-31T00:00:00Z';

/** The projection's fold over a log in memory. */
export class Scenario {
  readonly log = new MemoryLog();
  readonly rows = new MemoryRows();
  readonly #sequences = new Map<string, number>();
  #posted = 0;

  async fact(stream: string, event: Fact): Promise<bigint> {
    const stored = this.log.append(stream, event);
    await settlementProjection.apply(stored, this.rows);
    return stored.position;
  }

  payment = (event: Fact & { paymentId: string }) => this.fact(`payment-${event.paymentId}`, event);

  async close(model = 'dnm', currency = 'USD'): Promise<bigint> {
    const sequence = this.#sequences.get(`${model}_${currency}`) ?? 1;
    const reference = { windowId: windowIdOf(model, currency, sequence), model, currency, sequence };
    if (!this.rows.all('windows').some(({ windowId }) => windowId === reference.windowId))
      await this.fact(`window-${reference.windowId}`, { type: 'WindowOpened', ...reference, openedAt: now });
    this.#sequences.set(`${model}_${currency}`, sequence + 1);
    const closed = {
      type: 'WindowClosed' as const,
      ...reference,
      nextWindowId: windowIdOf(model, currency, sequence + 1),
      closedAt: now,
      by: 'operator:fin',
    };
    return this.fact(`window-${reference.windowId}`, closed);
  }

  /** A model that parties can be put on. */
  model(name: string, currency = 'USD'): Promise<bigint> {
    return this.fact(modelStream(name, currency), {
      type: 'SettlementModelSet',
      ...modelFor(currency, { name }),
      version: 1,
      by: 'hub',
      setAt: now,
    });
  }

  /** Somebody has approved that a party is settled by another model, from the next cut-off of its present one. */
  assign(party: string, model: string, currency = 'USD'): Promise<bigint> {
    const about = { party, currency, model, by: 'operator:fin', approvedBy: 'operator:boss', setAt: now };
    return this.fact(assignmentStream(party), { type: 'PartyModelSet', ...about });
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
