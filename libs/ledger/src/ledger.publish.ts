import type { OutgoingMessage, Publisher } from '@tongbao/bus';
import { topics, type CommandOutcome, type EntriesPosted, type HoldPlaced, type HoldRefused } from '@tongbao/contracts';

/** Tells whoever asked for a hold whether it was placed. */
export const ledgerPublisher: Publisher = {
  service: 'ledger',
  categories: ['journal'],
  topics: [topics.ledgerEvents],
  publish: ({ event, metadata: { traceparents } }) =>
    isEntriesPosted(event) ? event.outcomes.flatMap((outcome) => holdAnswer(outcome, traceparents?.[outcome.commandId])) : [],
};

const isEntriesPosted = (event: { type: string }): event is EntriesPosted => event.type === 'EntriesPosted';

/**
 * Payments and payouts are told; who placed a hold over HTTP has its answer already.
 * @param traceparent of the command: the event is the outcome of many
 */
function holdAnswer(outcome: CommandOutcome, traceparent: string | undefined): OutgoingMessage[] {
  const { command, subject, purpose, ref, result, code = '' } = outcome;
  if (command !== 'PlaceHold' || ref === undefined || (purpose !== 'payment' && purpose !== 'payout')) return [];
  const hold = { holdId: subject, purpose, ref } as const;
  const message: HoldPlaced | HoldRefused =
    result === 'accepted' ? { type: 'HoldPlaced', ...hold } : { type: 'HoldRefused', ...hold, code };
  return [{ topic: topics.ledgerEvents, key: ref, type: message.type, data: message, ...(traceparent !== undefined && { traceparent }) }];
}
