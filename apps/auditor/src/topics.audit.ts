import { list, optionalText, text, type Recorded } from './record.js';
import type { Message } from './topic.reader.js';

/** What must be on a topic for an event: its type there, and its key. */
interface Expected {
  topic: string;
  type: string;
  key: string;
}

const paymentNews = new Set([
  'PayerActionRequired',
  'PaymentCaptured',
  'PaymentDeclined',
  'PaymentExpired',
  'PaymentCancelled',
  'CaptureConflicted',
  'PaymentRefunded',
  'RefundDeclined',
  'DisputeOpened',
  'DisputeClosed',
  'PaymentSettled',
]);

/** Written down from the description of the topics (docs/api/asyncapi.json), not from the publishers' code. */
function expectedOf({ type, data }: Recorded): Expected[] {
  if (paymentNews.has(type)) return paymentTopics(text(data, 'platformId'), type, text(data, 'paymentId'));
  if (type === 'ConflictResolved')
    return paymentTopics(
      text(data, 'platformId'),
      data['resolution'] === 'refunded' ? 'PaymentDeclined' : 'PaymentCaptured',
      text(data, 'paymentId'),
    );
  // A refusal is filed under the payment that it is about, where there is one.
  if (type === 'CommandRefused')
    return paymentTopics(text(data, 'platformId'), type, optionalText(data, 'subject') ?? text(data, 'commandId'));
  if (type === 'CommandAccepted') return [platformTopic(text(data, 'platformId'), type, text(data, 'paymentId'))];
  // Those of the first release do not say whose they are.
  if (type === 'PaymentAuthorized' && data['platformId'] !== undefined)
    return [platformTopic(text(data, 'platformId'), type, text(data, 'paymentId'))];
  if (type === 'EntriesPosted')
    return list(data, 'outcomes').flatMap((outcome) => {
      const ref = optionalText(outcome, 'ref');
      const isTold = outcome['command'] === 'PlaceHold' && ref !== undefined && ['payment', 'payout'].includes(String(outcome['purpose']));
      return isTold
        ? [{ topic: 'tongbao.ledger.events', type: outcome['result'] === 'accepted' ? 'HoldPlaced' : 'HoldRefused', key: ref }]
        : [];
    });
  if (type === 'CapUseChanged') return [{ topic: 'tongbao.ledger.events', type, key: text(data, 'party') }];
  const settlement = (name: string, key: string): Expected[] => [{ topic: 'tongbao.settlement.events', type: name, key }];
  if (type === 'WindowClosed') return settlement('WindowClosed', text(data, 'windowId'));
  if (type === 'PaymentSidesSettled')
    return list(data, 'payments').flatMap((payment) => settlement('PaymentSideSettled', text(payment, 'paymentId')));
  // Models are the hub's own affair.
  if (type.startsWith('Settlement') && data['settlementId'] !== undefined)
    return settlement('SettlementStatusChanged', text(data, 'settlementId'));
  const obligation = ['ObligationDue', 'ObligationReported', 'ObligationReportRejected', 'ObligationPaid', 'ObligationCarried'];
  if (obligation.includes(type) && data['obligationId'] !== undefined)
    return settlement('ObligationStatusChanged', text(data, 'obligationId'));
  if (type.startsWith('Payout')) return settlement('PayoutStatusChanged', text(data, 'payoutId'));
  return [];
}

const platformTopic = (platformId: string, type: string, key: string): Expected => ({
  topic: `tongbao.platform.${platformId}.events`,
  type,
  key,
});

const paymentTopics = (platformId: string, type: string, key: string): Expected[] => [
  { topic: 'tongbao.payment.events', type, key },
  platformTopic(platformId, type, key),
];

const required = ['ce_id', 'ce_type', 'ce_source', 'ce_specversion', 'ce_time', 'content-type', 'tongbao-position'];

/** The topics against the log: everything that must be told is told, under its key, in the order of the log; nothing else is. Repetitions are allowed. */
export function auditTopics(
  recorded: readonly Recorded[],
  messages: readonly Message[],
): { problems: string[]; messages: number; repeated: number } {
  const problems: string[] = [];
  const events = new Map(recorded.map((event) => [event.position, event]));
  const told = new Set<string>();
  const last = new Map<string, bigint>();
  let repeated = 0;
  for (const message of messages) {
    const { topic, partition, offset, headers, key } = message;
    const where = `${topic}/${partition} at ${offset}`;
    const lacking = required.filter((name) => headers[name] === undefined);
    if (lacking.length > 0) {
      problems.push(`${where} has no ${lacking.join(', ')}`);
      continue;
    }
    const said = headers['tongbao-position'] ?? '';
    const position = /^\d+$/.test(said) ? BigInt(said) : -1n;
    const event = events.get(position);
    if (!event || headers['ce_id']?.startsWith(event.id) !== true) {
      problems.push(`${where} tells of an event at ${said.slice(0, 20)} that is not in the log`);
      continue;
    }
    const isExpected = expectedOf(event).some((each) => each.topic === topic && each.type === headers['ce_type'] && each.key === key);
    if (!isExpected) problems.push(`${where} says ${String(headers['ce_type'])} of ${key}, which ${event.type} at ${position} does not`);
    const name = `${topic} ${headers['ce_id']}`;
    if (told.has(name)) {
      repeated += 1;
      continue;
    }
    told.add(name);
    const lane = `${topic}/${partition}/${String(headers['ce_source'])}`;
    const before = last.get(lane) ?? 0n;
    if (position < before) problems.push(`${where} comes after position ${before} and is of ${position}`);
    last.set(lane, position);
  }
  const tally = new Map<string, number>();
  for (const name of told) {
    const short = name.slice(0, name.lastIndexOf(':'));
    tally.set(short, (tally.get(short) ?? 0) + 1);
  }
  for (const event of recorded) {
    const byTopic = new Map<string, number>();
    for (const { topic } of expectedOf(event)) byTopic.set(topic, (byTopic.get(topic) ?? 0) + 1);
    for (const [topic, count] of byTopic) {
      const found = tally.get(`${topic} ${event.id}`) ?? 0;
      if (found !== count) problems.push(`${topic} tells ${found} of ${count} messages of ${event.type} at ${event.position}`);
    }
  }
  return { problems, messages: messages.length, repeated };
}
