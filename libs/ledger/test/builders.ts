import type { EntriesPosted, JournalTransfer, PaymentCaptured, SplitTransfer, Transfer } from '@tongbao/contracts';
import type { Decision } from '../src/books.decide.js';
import { Books, type Memory } from '../src/books.js';
import type { Command, PlaceHoldCommand, PostEntryCommand } from '../src/commands.js';
import { JournalBatch } from '../src/journal.batch.js';
import type { AnyFact } from '../src/posting-rules.js';

export const startMs = Date.parse('2026-01-01T00:00:00Z');

/** Something that comes to the books: a fact with its log position, or a command. */
export type Step = { fact: AnyFact; position: number } | { command: Command };

/** Books with their journal, fed by hand instead of by a writer. */
export class Bookkeeper {
  readonly books: Books;
  readonly journal: EntriesPosted[] = [];
  nowMs = startMs;
  #position = 0;

  constructor(memory?: Memory) {
    this.books = new Books(memory);
  }

  /** Facts, each at the next position, as one journal event. */
  facts(...facts: AnyFact[]): this {
    this.write(facts.map((fact) => ({ fact, position: (this.#position += 1) })));
    return this;
  }

  with(...commands: Command[]): this {
    for (const command of commands) this.command(command);
    return this;
  }

  command(command: Command): Decision {
    const [decision] = this.write([{ command }]);
    if (!decision) throw new Error('no decision');
    return decision;
  }

  /** One batch, durable and applied. */
  write(steps: readonly Step[]): Decision[] {
    const batch = new JournalBatch(this.books, this.nowMs);
    const decisions: Decision[] = [];
    for (const step of steps) {
      if ('command' in step) decisions.push(batch.decide(step.command));
      else {
        batch.postFact(step.fact, BigInt(step.position));
        batch.reach(BigInt(step.position));
      }
    }
    if (batch.mustBeWritten) {
      const event = JSON.parse(JSON.stringify(batch.toEvent(1))) as EntriesPosted;
      this.books.apply(event, this.journal.length);
      this.journal.push(event);
    }
    return decisions;
  }

  posted(account: string, currency = 'CNY'): number {
    return Number(this.books.balance(account, currency).posted);
  }

  available(account: string, currency = 'CNY'): number {
    const { posted, held } = this.books.balance(account, currency);
    return Number(posted - held);
  }

  net(party: string, currency = 'CNY'): number {
    return Number(this.books.balance(party, currency).net);
  }

  get alarms(): string[] {
    return this.journal.flatMap(({ alarms }) => alarms.map(({ alarm, account }) => `${alarm} ${account}`));
  }
}

/** All balances and totals, to compare two books. */
export function stateOf(books: Books): object {
  const balances = [...books.balances()]
    .map(({ currency, account, balance: { posted, held, payoutHeld, net } }) =>
      [currency, account, posted, held, payoutHeld, net].join(' '),
    )
    .sort();
  const totals = ['CNY', 'USD'].map((code) => `${code} ${books.currency(code).clientMoney} ${books.currency(code).cash}`);
  return { balances, totals, nextEntry: books.nextEntry };
}

export const registered = (party: string): AnyFact => ({
  type: 'ParticipantRegistered',
  party,
  kind: party.startsWith('platform:') ? 'platform' : 'creator',
  id: party.slice(party.indexOf(':') + 1),
  name: party,
  currencies: [],
  methods: [],
});

export const transfer = (from: string, to: string, amountMinor: number, kind = 'test', currency = 'CNY'): JournalTransfer => ({
  from,
  to,
  amountMinor,
  currency,
  kind,
});

export const split = (from: string, to: string, amountMinor: number, kind = 'purchase'): SplitTransfer => ({
  from,
  to,
  amountMinor,
  kind,
  refundable: true,
});

export const captured = (transfers: readonly Transfer[], overrides: Partial<PaymentCaptured> = {}): PaymentCaptured => ({
  type: 'PaymentCaptured',
  paymentId: 'pay_1',
  platformId: 'A',
  orderId: 'o1',
  attempt: 1,
  provider: 'alipay',
  providerRef: 'r1',
  amountMinor: transfers[0]?.amountMinor ?? 0,
  currency: 'CNY',
  split: transfers.map((each) => ({ ...each, refundable: true })),
  expectedProviderFeeMinor: 0,
  capturedAt: '2026-01-01T00:00:00Z',
  ...overrides,
});

export const refunded = (transfers: readonly Transfer[]): AnyFact => ({
  type: 'PaymentRefunded',
  paymentId: 'pay_1',
  platformId: 'A',
  orderId: 'o1',
  refundId: 'ref_1',
  amountMinor: 0,
  currency: 'CNY',
  refundedMinor: 0,
  providerRef: 'x',
  transfers: transfers.map((each) => ({ ...each, refundable: true })),
  refundedAt: '2026-01-01T00:00:00Z',
});

/** A buys 10.00 of B's processing: example 1 of the domain. */
export const example1 = [
  split('provider:alipay', 'platform:A', 1000),
  split('platform:A', 'hub:fees', 100, 'platform-service-fee'),
  split('platform:B', 'hub:fees', 50, 'payment-handling-fee'),
];

export const placeHold = (
  holdId: string,
  account: string,
  amountMinor: number,
  overrides: Partial<PlaceHoldCommand> = {},
): PlaceHoldCommand => ({
  command: 'PlaceHold',
  commandId: `place ${holdId}`,
  holdId,
  currency: 'CNY',
  reservations: [{ account, amountMinor }],
  purpose: 'payment',
  ref: `ref ${holdId}`,
  ...overrides,
});

export const postEntry = (commandId: string, transfers: readonly JournalTransfer[], corrects?: number): PostEntryCommand => ({
  command: 'PostEntry',
  commandId,
  ref: 'note',
  transfers,
  ...(corrects !== undefined && { corrects }),
});
