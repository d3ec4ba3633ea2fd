import type { StoredEvent } from '@tongbao/event-store';
import type { BusRecord } from './message.js';

/** What the stream `bus_<topic>` of a command topic holds. */
export interface MessageSent {
  type: 'MessageSent';
  key?: string;
  headers: Record<string, string>;
  payload: string | object;
  /** The event that a relay published it from. */
  source?: MessageSource;
}

export interface MessageSource {
  service: string;
  /** Log position, decimal. */
  position: string;
  index: number;
}

export function messageSent({ key, headers, payload }: BusRecord, source?: MessageSource): MessageSent {
  return { type: 'MessageSent', ...(key !== undefined && { key }), headers: { ...headers }, payload, ...(source && { source }) };
}

export const isMessageSent = (stored: StoredEvent): stored is StoredEvent<MessageSent> => stored.event.type === 'MessageSent';

export const recordOf = ({ event: { key, headers, payload } }: StoredEvent<MessageSent>): BusRecord => ({ key, headers, payload });
