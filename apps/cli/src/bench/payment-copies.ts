import type { DomainEvent, EventStore } from '@tongbao/event-store';
import type { NewStream } from '@tongbao/event-store-server';

/** The events of a real payment, from which others like it are made. */
export interface PaymentTemplate {
  paymentId: string;
  orderId: string;
  json: string;
}

const idPattern = /^pay_[a-z2-7]{32}$/;
/** Part of a payment's id that also makes the key of its calls at the provider. */
const keyLength = 26;
const alphabet = 'abcdefghijklmnopqrstuvwxyz234567';

/** @throws Error when these are not the events of one captured payment */
export function templateOf(events: readonly DomainEvent[]): PaymentTemplate {
  const [requested] = events;
  const isWhole = requested && 'paymentId' in requested && 'orderId' in requested && events.at(-1)?.type === 'PaymentCaptured';
  if (!isWhole || !idPattern.test(String(requested.paymentId)))
    throw new Error('a template is a whole payment, from its request to its capture');
  return { paymentId: String(requested.paymentId), orderId: String(requested.orderId), json: JSON.stringify(events) };
}

/** The same payment for another order: everything that its id and its order's name go into is another, all else is equal. */
export function copyOf({ paymentId, orderId, json }: PaymentTemplate, number: number): { paymentId: string; events: DomainEvent[] } {
  const key = paymentId.slice(4, 4 + keyLength);
  const newKey = base32(number) + key.slice(base32(number).length);
  const text = json.replaceAll(key, newKey).replaceAll(JSON.stringify(orderId), JSON.stringify(`copy-${number}`));
  // It was made of such events.
  return { paymentId: paymentId.replace(key, newKey), events: JSON.parse(text) as DomainEvent[] };
}

/** Seven digits of base 32: room for more payments than are ever made. */
const base32 = (number: number): string =>
  Array.from({ length: 7 }, (_, digit) => alphabet.charAt(Math.floor(number / 32 ** (6 - digit)) % 32)).join('');

const inFlight = 256;

/**
 * Appends copies of a payment, each whole in one append: many captured payments without the time that it takes to ask for each.
 * @returns log position of the last one
 */
export async function appendCopies(
  store: EventStore,
  template: PaymentTemplate,
  numbers: { first: number; count: number },
): Promise<bigint> {
  let next = numbers.first;
  let last = 0n;
  const append = async () => {
    while (next < numbers.first + numbers.count) {
      const { paymentId, events } = copyOf(template, next++);
      const { position } = await store.append(`payment-${paymentId}`, 'no_stream', events, {
        commandId: `copy ${paymentId}`,
        correlationId: paymentId,
      });
      if (position > last) last = position;
    }
  };
  await Promise.all(Array.from({ length: inFlight }, append));
  return last;
}

/** Copies of a payment as streams that no store has yet. */
export function* copiesAsStreams(template: PaymentTemplate, { first, count }: { first: number; count: number }): Generator<NewStream> {
  for (let number = first; number < first + count; number += 1) {
    const { paymentId, events } = copyOf(template, number);
    const metadata = JSON.stringify({ $causationId: `copy ${paymentId}`, $correlationId: paymentId });
    yield {
      stream: `payment-${paymentId}`,
      events: events.map(({ type, ...data }) => ({ type, data: JSON.stringify(data), metadata })),
    };
  }
}
