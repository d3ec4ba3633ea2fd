import { load, type DomainEvent } from '@tongbao/event-store';
import type {
  BankLineRecorded,
  PaymentSidesSettled,
  PayoutEvent,
  SettlementCalculated,
  SettlementEvent,
  SplitTransfer,
} from '@tongbao/contracts';
import { windowIdOf, type SettlementModel } from '../src/models.js';
import { collectionIdOf, payoutIdOf, payoutStream } from '../src/payout.js';
import { settlementFold, settlementStream } from '../src/settlement.js';
import { statementStream } from '../src/bank-statement.process.js';
import { captured, refunded, transfer } from './facts.js';
import { modelFor, type Processes, type ProcessOptions, type TestHub } from './hub.js';

/** One currency of the hub, whose windows nobody else touches: a spec has it to itself. */
export class Market {
  sequence = 0;
  #payments = 0;
  #commands = 0;
  readonly model: SettlementModel;
  processes: Processes;

  private constructor(
    readonly hub: TestHub,
    readonly currency: string,
    change: Partial<SettlementModel>,
  ) {
    this.model = modelFor(currency, change);
    this.processes = hub.processes();
  }

  static async open(
    hub: TestHub,
    currency: string,
    options: { change?: Partial<SettlementModel>; cashMinor?: number } = {},
  ): Promise<Market> {
    const market = new Market(hub, currency, options.change ?? {});
    await hub.model(market.model);
    await hub.projected();
    await market.processes.windows.openCurrent(hub.queries);
    if (options.cashMinor !== undefined) hub.bank.depositFromProvider('alipay', options.cashMinor, currency);
    await market.processes.statement.poll();
    return market;
  }

  restart(parts: ProcessOptions = {}): void {
    this.processes = this.hub.processes(parts);
  }

  command = (name: string, by = 'operator:fin') => ({
    commandId: `cmd_${this.currency}${(this.#commands += 1)}${name}`.padEnd(24, '0'),
    by,
  });

  nextPayment = (): string => `pay_${this.currency}${(this.#payments += 1)}`;

  /** A party gets an amount, or pays one where it is negative. */
  async earns(party: string, amountMinor: number): Promise<string> {
    const paymentId = this.nextPayment();
    const side =
      amountMinor > 0 ? transfer('provider:alipay', party, amountMinor, 'purchase') : transfer(party, 'hub:fees', -amountMinor, 'fee');
    await this.hub.payment(captured(paymentId, [side], this.currency));
    return paymentId;
  }

  refund = (paymentId: string, transfers: SplitTransfer[]): Promise<bigint> =>
    this.hub.payment(refunded(paymentId, transfers, this.currency));

  async close(): Promise<string> {
    this.sequence += 1;
    const windowId = windowIdOf('dnm', this.currency, this.sequence);
    await this.processes.commands.closeWindow(windowId, this.command('close'));
    return windowId;
  }

  /** Closes the window and asks for its settlement. */
  async settle(): Promise<string> {
    const windowId = await this.close();
    return (await this.processes.commands.request([windowId], this.command('settle'))).settlementId;
  }

  /** One round of everything that goes on in the background. */
  async round(settlementId: string, holds: 'placed' | 'refused' = 'placed'): Promise<void> {
    const { settlement, payouts, statement, marking } = this.processes;
    await this.hub.post();
    await this.hub.projected();
    const status = await settlement.advance(settlementId);
    await this.hub.answerHolds(() => holds);
    await this.hub.projected();
    await payouts.run(0n);
    await statement.poll();
    if (status === 'settled') await marking.mark(settlementId);
  }

  async untilMarked(settlementId: string): Promise<void> {
    for (let rounds = 0; (await this.status(settlementId)) !== 'marked'; rounds += 1) {
      if (rounds > 20) throw new Error(`${settlementId} is still ${await this.status(settlementId)}`);
      await this.round(settlementId);
    }
  }

  status = async (settlementId: string) => (await load(this.hub.store, settlementStream(settlementId), settlementFold)).state.status;

  events = async <E extends DomainEvent>(stream: string): Promise<E[]> => (await this.hub.store.read<E>(stream)).map(({ event }) => event);

  settlementEvents = (settlementId: string) => this.events<SettlementEvent>(settlementStream(settlementId));

  /** With what is written of it in slices. */
  async calculation(settlementId: string): Promise<SettlementCalculated> {
    const events = await this.settlementEvents(settlementId);
    const found = events.find((event) => event.type === 'SettlementCalculated');
    if (!found) throw new Error(`${settlementId} is not calculated`);
    const slices = events.filter((event) => event.type === 'SettlementPartiesCalculated');
    const direct = [...slices, found].flatMap((event) => event.direct ?? []);
    return {
      ...found,
      parties: [...slices, found].flatMap(({ parties }) => parties),
      obligations: [...slices, found].flatMap(({ obligations }) => obligations),
      ...(direct.length > 0 && { direct }),
    };
  }

  async told(settlementId: string): Promise<PaymentSidesSettled['payments']> {
    return (await this.settlementEvents(settlementId)).flatMap((event) => (event.type === 'PaymentSidesSettled' ? event.payments : []));
  }

  async payoutSteps(settlementId: string, party: string): Promise<string[]> {
    return this.#stepsOf(payoutIdOf(settlementId, party));
  }

  /** Of what a gross settlement collects. */
  async collectionSteps(settlementId: string, party: string): Promise<string[]> {
    return this.#stepsOf(collectionIdOf(settlementId, party));
  }

  async #stepsOf(payoutId: string): Promise<string[]> {
    return (await this.events<PayoutEvent>(payoutStream(payoutId))).map(({ type }) => type);
  }

  /** What the bank's statement, as the hub took it in, has in this currency. */
  async lines(): Promise<Pick<BankLineRecorded, 'amountMinor' | 'match'>[]> {
    const lines = await this.events<BankLineRecorded>(statementStream('sandbox'));
    return lines.filter(({ currency }) => currency === this.currency).map(({ amountMinor, match }) => ({ amountMinor, match }));
  }
}
