import type { OutgoingMessage, Publisher } from '@tongbao/bus';
import { topics, type CapEvent, type CommandOutcome, type EntriesPosted, type HoldPlaced, type HoldRefused } from '@tongbao/contracts';

/** Tells whoever asked for a hold whether it was placed, and platforms how near they are to their caps. */
export const ledgerPublisher: Publisher = {
  service: 'ledger',
  categories: ['journal', 'cap'],
  topics: [topics.ledgerEvents],
  publish: ({ event, metadata: { traceparents } }) => {
    if (isEntriesPosted(event)) return event.outcomes.flatMap((outcome) => holdAnswer(outcome, traceparents?.[outcome.commandId]));
    return isCapFact(event) ? [capNews(event)] : [];
  },
};

const isCapFact = (event: { type: string }): event is CapEvent => event.type === 'CapUseChanged';

function capNews({ type, party, currency, percent, previousPercent, usedMinor, limitMinor }: CapEvent): OutgoingMessage {
  const data = { type, party, currency, percent, previousPercent, usedMinor, limitMinor };
  return { topic: topics.ledgerEvents, key: party, type, data };
}

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
