import type { JournalEntry } from '@tongbao/contracts';
import type { AppendCauses, StoredEvent } from '@tongbao/event-store';
import { tracing } from '@tongbao/telemetry';
import { withOriginals } from './commands.js';
import type { JournalBatch } from './journal.batch.js';
import type { Answered, PendingCommand } from './journal.pending.js';
import type { AnyFact } from './posting-rules.js';

/** As many facts as may fill a share of the batch. @returns log position up to which all are in it */
export function postFacts(
  batch: JournalBatch,
  events: readonly StoredEvent[],
  decided: bigint,
  share: number,
): { reached: bigint; all: boolean } {
  let reached = decided;
  for (const { event, position } of events) {
    if (position <= reached) continue;
    if (batch.isFull(share)) return { reached, all: false };
    // The feed gives only the categories of the facts; types are unique over all of them.
    batch.postFact(event as AnyFact, position);
    reached = position;
  }
  return { reached, all: true };
}

/** As many commands as the batch has room for. After one that could not be decided at all the batch is void. */
export function decideAll(
  batch: JournalBatch,
  commands: readonly PendingCommand[],
  originals: ReadonlyMap<number, JournalEntry>,
): { answers: readonly Answered[] } | { undecidable: PendingCommand; error: unknown } {
  const answers: Answered[] = [];
  for (const pending of commands) {
    if (batch.isFull()) break;
    try {
      const { outcome, replayed } = batch.decide(withOriginals(pending.command, originals));
      answers.push({ pending, outcome, replayed });
    } catch (error) {
      return { undecidable: pending, error };
    }
  }
  return { answers };
}

/** Which of what a batch is about is traced. */
export function causesOf(facts: readonly StoredEvent[], answers: readonly Answered[]): AppendCauses {
  if (!tracing.enabled) return {};
  const commands = answers.flatMap(({ pending: { command, traceparent } }) =>
    traceparent ? [[command.commandId, traceparent] as const] : [],
  );
  return {
    facts: facts.flatMap(({ metadata: { traceparent } }) => (traceparent ? [traceparent] : [])),
    ...(commands.length > 0 && { commands: Object.fromEntries(commands) }),
  };
}
