import type { BillKind, BillReceived, LinesCarried, ReconciliationStarted } from '@tongbao/contracts';
import type { EventStore } from '@tongbao/event-store';
import { billLines, type BillLine, type ReconcileSummary } from '@tongbao/provider-bills';
import { beliefsOf, type Belief } from './beliefs.js';
import { billItems } from './bill.import.js';
import type { BreakContent } from './break.js';
import type { RunEvent } from './facts.js';
import { feeBillIdOf, FeeLines, type FeeReport } from './fee-lines.js';
import { postFees } from './fee-posting.js';
import { PaymentIds } from './payment-ids.js';
import { contentOf, digestOf, matchDay, type Matched, type TakenIn } from './run.matching.js';
import { runStream } from './run.js';

/** A bill of the day, and where its file is; `lines`: how many it had when it was taken in. */
export interface BillToCompare {
  received: BillReceived;
  path: string;
  lines: number;
}

/** What the comparison of a day begins with. It is plain data, so that another thread can be given it. */
export interface DayToCompare {
  run: ReconciliationStarted;
  /** The run was begun before: something of it may be there already. */
  resumed: boolean;
  bills: BillToCompare[];
  /** Lines that other days give to this one, and the breaks whose lines are among them. */
  takenIn: TakenIn[];
  known: ReadonlySet<string>;
  /** Rest of the books between facts of fees: see FeePosting. */
  feePauseMs: number;
}

/** What it came to; plain data, too. */
export interface ComparedDay {
  breaks: BreakContent[];
  carried: LinesCarried['lines'];
  carriedDigest: string;
  summary: ReconcileSummary;
  fees: FeeReport;
}

/** Everything that is done with each line of a day: it is compared, and the books are told of its fee. Memory does not grow with the lines. */
export async function compareDay(store: EventStore, day: DayToCompare, tempDir: string, signal: AbortSignal): Promise<ComparedDay> {
  const [fees, ids] = [new FeeLines(tempDir), new PaymentIds(tempDir)];
  try {
    return await new DayComparison({ store, day, fees, ids, tempDir, signal }).compare();
  } finally {
    await Promise.all([fees.close(), ids.close()]);
  }
}

interface ComparisonParts {
  store: EventStore;
  day: DayToCompare;
  fees: FeeLines;
  ids: PaymentIds;
  tempDir: string;
  signal: AbortSignal;
}

class DayComparison {
  constructor(private readonly parts: ComparisonParts) {}

  async compare(): Promise<ComparedDay> {
    const { day, fees, tempDir } = this.parts;
    const { takenIn, known } = day;
    const matched = await matchDay(day.run, { events: this.#events(), ...this.#bills(), takenIn, known }, tempDir);
    await this.#postFees();
    const { carried, summary } = matched;
    return { breaks: await this.#contentsOf(matched), carried, carriedDigest: digestOf(carried), summary, fees: fees.report };
  }

  /** With the key and payment of each, for fees and breaks. */
  async *#events(): AsyncGenerator<Belief> {
    const { store, day, ids, signal } = this.parts;
    const { provider, terms, from, to, afterPosition, throughPosition, previousRunId } = day.run;
    // Before the first run of all nobody looked: what was just before the cut may be in this bill.
    const earliest = previousRunId === undefined ? new Date(Date.parse(from) - terms.cutToleranceMs).toISOString() : from;
    const span = { after: BigInt(afterPosition), through: BigInt(throughPosition) };
    for await (const belief of beliefsOf(store, { provider, terms, period: { from: earliest, to }, ...span }, signal)) {
      if (belief.ourKey !== undefined && belief.paymentId !== undefined) {
        const writing = ids.add(belief.ourKey, belief.paymentId);
        if (writing !== undefined) await writing;
      }
      yield belief;
    }
  }

  #bills(): Partial<Record<BillKind, AsyncGenerator<BillLine>>> {
    return Object.fromEntries(this.parts.day.bills.map((bill) => [bill.received.bill, this.#linesOf(bill)]));
  }

  /** The lines that are compared: payouts are compared with our bank, and fees that are of no movement are posted as they are billed. */
  async *#linesOf({ received, path, lines }: BillToCompare): AsyncGenerator<BillLine> {
    const { day, fees, tempDir, signal } = this.parts;
    const postsFees = day.run.terms.feesFrom === received.bill;
    let read = 0;
    for await (const line of billLines(billItems(received, day.run.terms, path, tempDir), () => undefined)) {
      signal.throwIfAborted();
      read += 1;
      const writing = postsFees ? fees.addBilled(line) : undefined;
      if (writing !== undefined) await writing;
      if (line.kind === 'payout' || (line.kind === 'fee' && line.feeOf === undefined)) continue;
      yield line;
    }
    if (read !== lines) throw new Error(`${received.billId} has ${read} lines; when it was taken in it had ${lines}`);
  }

  async #postFees(): Promise<void> {
    const { store, day, fees, ids, signal } = this.parts;
    const { provider, day: date, to, terms, runId, number } = day.run;
    if (!day.bills.some(({ received }) => received.bill === terms.feesFrom)) return;
    const [first] = day.resumed || number > 1 ? await store.read<RunEvent>(runStream(provider, date), { limit: 1 }) : [];
    const billId = feeBillIdOf(provider, terms.feesFrom, date);
    const posting = { provider, billId, billedAt: to, runId, postedAfter: first?.position, pauseMs: day.feePauseMs };
    await postFees(store, fees, ids, posting, signal);
  }

  async #contentsOf({ breaks }: Matched): Promise<BreakContent[]> {
    const { day, ids } = this.parts;
    const paymentIds = await ids.find(breaks.flatMap(({ ourKey }) => (ourKey === undefined ? [] : [ourKey])));
    return breaks.map((each) => contentOf(each, day.run, each.ourKey === undefined ? undefined : paymentIds.get(each.ourKey)));
  }
}
