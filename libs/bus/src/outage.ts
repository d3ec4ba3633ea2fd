import { Outage, WrongRevision } from '@tongbao/event-store';
import { isErrorLike } from './error-text.js';

/** Node's, undici's and node-postgres' codes that mean: it could not be reached, or the connection was lost. */
const connectionCodes = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  'UND_ERR_CONNECT_TIMEOUT',
  'UND_ERR_HEADERS_TIMEOUT',
  'UND_ERR_BODY_TIMEOUT',
  'UND_ERR_SOCKET',
]);

/**
 * PostgreSQL, appendix A: class 08 connection exception, class 53 insufficient resources, 57P01 admin shutdown, 57P02 crash shutdown,
 * 57P03 cannot connect now, 40001 serialization failure, 40P01 deadlock detected.
 */
const databaseCodes = /^(08...|53...|57P0[123]|40001|40P01)$/;

/** gRPC: cancelled, deadline exceeded, resource exhausted, unavailable. */
const grpcCodes = new Set([1, 4, 8, 14]);

/** Something that the work depends on is down, here or anywhere in the chain of causes: the work is to be tried again, without end. */
export function isOutage(error: unknown): boolean {
  if (!isErrorLike(error)) return false;
  if (error instanceof Outage || error.name === 'TimeoutError' || isOutageCode(error.code)) return true;
  return (Array.isArray(error.errors) && error.errors.some(isOutage)) || isOutage(error.cause);
}

const isOutageCode = (code: unknown): boolean =>
  typeof code === 'number' ? grpcCodes.has(code) : typeof code === 'string' && (connectionCodes.has(code) || databaseCodes.test(code));

/** Others keep writing first. Worth some more tries; for ever would hide a handler that decides on a state it never reloads. */
export const isConflict = (error: unknown): boolean => error instanceof WrongRevision;
