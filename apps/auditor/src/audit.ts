import { auditBooks } from './books.audit.js';
import { readStore } from './event-store.reader.js';
import { auditPayments } from './payments.audit.js';
import { auditSettlements } from './settlements.audit.js';
import { readTopics } from './topic.reader.js';
import { auditTopics } from './topics.audit.js';

export interface AuditReport {
  ok: boolean;
  figures: Record<string, number>;
  /** What does not hold; empty when all is well. */
  problems: string[];
}

/** Reads the event store, and the topics where brokers are given, and checks what must hold. Asks no service. */
export async function audit(eventStoreUrl: string, brokers: string[]): Promise<AuditReport> {
  // First the topics: what is told there must be in the log that is read after.
  const messages = brokers.length > 0 ? await readTopics(brokers) : undefined;
  const recorded = await readStore(eventStoreUrl);
  const books = auditBooks(recorded);
  const payments = auditPayments(recorded);
  const settlements = auditSettlements(recorded, books.balances);
  const topics = messages && auditTopics(recorded, messages);
  const problems = [...books.problems, ...payments.problems, ...settlements.problems, ...(topics?.problems ?? [])];
  const suspense = books.balances.entries().filter(([account, amount]) => account.startsWith('hub:suspense ') && amount !== 0n);
  return {
    ok: problems.length === 0,
    figures: {
      events: recorded.length,
      entries: books.entries,
      payments: payments.payments,
      captured: payments.captured,
      windows: settlements.windows,
      settlements: settlements.settlements,
      payouts: settlements.payouts,
      inSuspense: suspense.length,
      ...(topics && { messages: topics.messages, repeated: topics.repeated }),
    },
    problems,
  };
}
