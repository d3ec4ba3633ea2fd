import { Outage } from '@tongbao/event-store';
import { isErrorLike } from './error-text.js';
import { isOutage } from './outage.js';

/** What kafkajs calls time-outs of its own are not marked as worth another try, but are. */
const alwaysOutages = new Set([
  'KafkaJSTimeout',
  'KafkaJSLockTimeout',
  'KafkaJSNumberOfRetriesExceeded',
  'KafkaJSGroupCoordinatorNotFound',
]);

/** The brokers cannot be reached, or cannot serve now: the work is to be tried again. */
export function isBrokerOutage(error: unknown): boolean {
  if (!isErrorLike(error)) return false;
  if (isOutage(error) || alwaysOutages.has(error.name)) return true;
  return (error.name.startsWith('KafkaJS') && 'retriable' in error && error.retriable === true) || isBrokerOutage(error.cause);
}

/** The name or password is wrong: no repetition mends that. */
export const isLoginRefused = (error: unknown): boolean =>
  isErrorLike(error) && (error.name === 'KafkaJSSASLAuthenticationError' || isLoginRefused(error.cause));

/** What a caller of the bus is told: an Outage where trying again may help, else the error itself. */
export const asOutage = (error: unknown): unknown =>
  isBrokerOutage(error) && !(error instanceof Outage)
    ? new Outage('the brokers cannot be reached or cannot serve', { cause: error })
    : error;
