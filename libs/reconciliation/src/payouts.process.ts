import type { BreakEvent, ProviderPayout, ReconciliationTerms } from '@tongbao/contracts';
import { handle, type EventStore } from '@tongbao/event-store';
import { toSafeInteger } from '@tongbao/money';
import type { Clock } from '@tongbao/service';
import { dayMs } from './ages.js';
import { billDayOf } from './bill-day.js';
import { breakFold, breakIdOf, breakStream, type BreakContent, type BreakState } from './break.js';
import { decideBreak, type BreakCommand, type BreakRefusal } from './break.decide.js';
import { pairPayouts, type PaidIn, type PaidOut } from './payouts.match.js';
import type { ReconciliationQueries } from './reconciliation.queries.js';

export const payoutsStream = (provider: string): string => `reconciliation-payouts_${provider}`;

type Statement = BreakContent['says'][number];

/** Compares what a provider paid out, by its bills, with the lines of our bank that it paid. The projection must have all that is to be compared. */
export class PayoutsProcess {
  constructor(
    private readonly store: EventStore,
    private readonly queries: ReconciliationQueries,
    private readonly clock: Clock,
  ) {}

  async compare(provider: string, terms: ReconciliationTerms): Promise<void> {
    const [payouts, lines] = [await this.queries.openPayouts(provider), await this.queries.openPayoutLines(provider)];
    // What is taken back comes as a line of its own, and is no payout to look for.
    const { pairs, ...left } = pairPayouts(
      payouts.filter(({ amountMinor }) => amountMinor > 0n),
      lines,
      terms.payoutDays,
    );
    for (const { payout, line } of pairs) await this.#match(provider, payout, line);
    const found = breaksOf(provider, terms, left, this.clock.now());
    await this.#record(provider, found);
  }

  async #match(provider: string, { providerRef, amountMinor, currency, paidAt }: PaidOut, { bank, lineId }: PaidIn): Promise<void> {
    const payout: ProviderPayout = { providerRef, amountMinor: toSafeInteger(amountMinor), currency, paidAt };
    const event = { type: 'ProviderPayoutMatched', provider, ...payout, bank, lineId, matchedAt: this.#now() };
    await this.store.append(payoutsStream(provider), 'any', [event], {
      commandId: `payout ${provider} ${providerRef} is ${bank} ${lineId}`,
    });
  }

  async #record(provider: string, found: readonly BreakContent[]): Promise<void> {
    const runId = `payouts_${provider}`;
    const before = await this.queries.openPayoutBreaks(provider);
    const again = new Set(found.map(({ breakId }) => breakId));
    for (const content of found)
      await this.#decide(content.breakId, { type: 'RecordFound', content, runId, day: content.day, now: this.#now() });
    const day = this.#now().slice(0, 10);
    for (const { breakId } of before)
      if (!again.has(breakId)) await this.#decide(breakId, { type: 'RecordExplained', runId, day, now: this.#now() });
  }

  async #decide(breakId: string, command: BreakCommand): Promise<void> {
    await handle<BreakState, BreakEvent, BreakRefusal>(
      this.store,
      breakStream(breakId),
      breakFold,
      (state) => decideBreak(command, state),
      { commandId: `${command.type} ${breakId} ${this.#now()}`, actor: 'hub' },
    );
  }

  #now(): string {
    return this.clock.now().toISOString();
  }
}

type Left = Omit<ReturnType<typeof pairPayouts<PaidOut, PaidIn>>, 'pairs'>;

/** Our bank is the side of our own; what a provider may still be on the way with is no break. */
function breaksOf(provider: string, terms: ReconciliationTerms, { differing, payouts, lines }: Left, now: Date): BreakContent[] {
  const cut = now.getTime() - (terms.payoutDays + 1) * dayMs;
  const make = (kind: BreakContent['kind'], subject: string, on: BreakContent['on'], payout?: PaidOut, line?: PaidIn): BreakContent => {
    const says = [...(line ? [inOurBank(line)] : []), ...(payout ? [atProvider(payout)] : [])];
    const occurredAt = payout?.paidAt ?? line?.bookedAt ?? now.toISOString();
    return {
      ...{
        breakId: breakIdOf({ provider, kind, subject, on }),
        provider,
        day: billDayOf(occurredAt, terms),
        kind,
        subject,
        movement: 'payout',
      },
      ...(payout ? { providerRef: payout.providerRef } : line && { ourKey: `${line.bank}:${line.lineId}` }),
      ...{ on, says, differences: differencesOf(payout, line), occurredAt },
    };
  };
  // A provider without a fund bill tells nothing of its payouts: that a line has none says nothing.
  const lacking = terms.bills.includes('fund') ? lines.filter(({ bookedAt }) => Date.parse(bookedAt) < cut) : [];
  return [
    ...differing.map(({ payout, line }) => make('amount_differs', `payout#${payout.providerRef}`, ['fund'], payout, line)),
    ...payouts
      .filter(({ paidAt }) => Date.parse(paidAt) < cut)
      .map((payout) => make('missing_here', `payout#${payout.providerRef}`, ['events'], payout)),
    ...lacking.map((line) => make('missing_at_provider', `payout@${line.bank}:${line.lineId}`, ['fund'], undefined, line)),
  ];
}

const inOurBank = ({ amountMinor, currency, bookedAt, reference, bank, lineId }: PaidIn): Statement => ({
  ...{ side: 'events', amountMinor: -toSafeInteger(amountMinor), currency, status: 'succeeded', at: bookedAt },
  ...{ providerRef: reference.slice(0, 128) || lineId, ourKey: `${bank}:${lineId}` },
});

const atProvider = ({ amountMinor, currency, paidAt, providerRef }: PaidOut): Statement => ({
  ...{ side: 'fund', amountMinor: -toSafeInteger(amountMinor), currency, status: 'succeeded', at: paidAt, providerRef },
});

/** The bill less our bank, as our money at the provider changes. */
function differencesOf(payout: PaidOut | undefined, line: PaidIn | undefined): BreakContent['differences'] {
  const sums = new Map<string, number>();
  const add = (currency: string, amountMinor: number) => sums.set(currency, (sums.get(currency) ?? 0) + amountMinor);
  if (payout) add(payout.currency, -toSafeInteger(payout.amountMinor));
  if (line) add(line.currency, toSafeInteger(line.amountMinor));
  return [...sums]
    .filter(([, amountMinor]) => amountMinor !== 0)
    .map(([currency, amountMinor]) => ({ side: 'fund', currency, amountMinor, feeMinor: 0 }));
}
