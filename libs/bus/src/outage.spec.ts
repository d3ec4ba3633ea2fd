import { describe, expect, it } from '@jest/globals';
import { Outage, StoreUnavailable, WrongRevision } from '@tongbao/event-store';
import { isConflict, isOutage } from './outage.js';

const coded = (code: string | number) => Object.assign(new Error('failed'), { code });

describe('an outage', () => {
  it.each<[string, unknown]>([
    ['an Outage', new Outage('down')],
    ['an unavailable store', new StoreUnavailable('down')],
    ['a refused connection', coded('ECONNREFUSED')],
    ['a reset connection within a cause', new Error('query failed', { cause: new Error('socket', { cause: coded('ECONNRESET') }) })],
    ['every address refused', new AggregateError([coded('ECONNREFUSED'), coded('ECONNREFUSED')])],
    ['a time-out', AbortSignal.abort(new DOMException('late', 'TimeoutError')).reason],
    ['a lost database connection', coded('08006')],
    ['a database that shuts down', coded('57P01')],
    ['a serialization failure', coded('40001')],
    ['an unavailable gRPC service', coded(14)],
  ])('is %s', (_, error) => expect(isOutage(error)).toBe(true));

  it.each<[string, unknown]>([
    ['a bug', new TypeError('x is not a function')],
    ['a violated constraint', coded('23505')],
    ['a refused gRPC argument', coded(3)],
    ['a missing file', coded('ENOENT')],
    ['a thrown word', 'ECONNREFUSED'],
    ['nothing', undefined],
    ['a conflict', new WrongRevision('payment-p1', 3)],
  ])('is not %s', (_, error) => expect(isOutage(error)).toBe(false));

  it('is told apart from a conflict', () => {
    expect(isConflict(new WrongRevision('payment-p1', undefined))).toBe(true);
    expect(isConflict(new Outage('down'))).toBe(false);
  });
});
