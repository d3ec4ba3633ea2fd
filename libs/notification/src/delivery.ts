import { hashId, type NewsReference, type NewsType } from './news.js';

/** Facts of a `delivery-<endpointId>` stream: what became of the webhooks of an endpoint. */
export type DeliveryEvent = DeliveriesRecorded | DeliveriesQueued;

/** What a delivery is of. */
export interface DeliverySubject {
  messageId: string;
  type: NewsType;
  subject: string;
  news: NewsReference;
}

export interface AttemptRecord extends DeliverySubject {
  /** From 1, over all rounds. */
  attempt: number;
  /** `failed`: tried again at `nextAttemptAt`. `dead`: given up. */
  outcome: 'delivered' | 'failed' | 'dead';
  at: string;
  durationMs: number;
  /** HTTP status; absent when there was no answer. */
  status?: number;
  error?: string;
  /** Its beginning, when it was not delivered. */
  responseBody?: string;
  nextAttemptAt?: string;
}

/** Outcomes of attempts, as many as came together. */
export interface DeliveriesRecorded {
  type: 'DeliveriesRecorded';
  endpointId: string;
  platformId: string;
  attempts: AttemptRecord[];
}

/** Asked for again, or for the first time where the endpoint was disabled when the news came. Each begins a new round of attempts. */
export interface DeliveriesQueued {
  type: 'DeliveriesQueued';
  endpointId: string;
  platformId: string;
  deliveries: DeliverySubject[];
  by: string;
  /** A repetition of the command finds its id and queues nothing. */
  commandId: string;
  queuedAt: string;
}

export const deliveryStream = (endpointId: string): string => `delivery-${endpointId}`;

/**
 * The id of a delivery and its `webhook-id`: the same for every attempt, also for one that is repeated because a crash came before its record,
 * so that receivers can tell a repetition.
 */
export const deliveryIdOf = (messageId: string, endpointId: string): string => hashId('msg_', messageId, endpointId);
