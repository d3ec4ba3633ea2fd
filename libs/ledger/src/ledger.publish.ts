import type { OutgoingMessage, Publisher } from '@tongbao/bus';
import { topics, type CommandOutcome, type EntriesPosted, type HoldPlaced, type HoldRefused } from '@tongbao/contracts';

/** Tells whoever asked for a hold whether it was placed. */
export const ledgerPublisher: Publisher = {
  service: 'ledger',
  categories: ['journal'],
  topics: [topics.ledgerEvents],
  publish: ({ event }) => (isEntriesPosted(event) ? event.outcomes.flatMap(holdAnswer) : []),
};

const isEntriesPosted = (event: { type: string }): event is EntriesPosted => event.type === 'EntriesPosted';

/** Payments and payouts are told; who placed a hold over HTTP has its answer already. */
function holdAnswer({ command, subject, purpose, ref, result, code = '' }: CommandOutcome): OutgoingMessage[] {
  if (command !== 'PlaceHold' || ref === undefined || (purpose !== 'payment' && purpose !== 'payout')) return [];
  const hold = { holdId: subject, purpose, ref } as const;
  const message: HoldPlaced | HoldRefused =
    result === 'accepted' ? { type: 'HoldPlaced', ...hold } : { type: 'HoldRefused', ...hold, code };
  return [{ topic: topics.ledgerEvents, key: ref, type: message.type, data: message }];
}
