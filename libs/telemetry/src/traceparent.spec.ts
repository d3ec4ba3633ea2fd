import { describe, expect, it } from '@jest/globals';
import { formatTraceparent, isSampled, parseTraceparent } from './traceparent.js';

const traceId = '0af7651916cd43dd8448eb211c80319c';
const spanId = 'b7ad6b7169203331';

describe('traceparent, by W3C Trace Context', () => {
  it('is read and written', () => {
    const parsed = parseTraceparent(`00-${traceId}-${spanId}-01`);
    expect(parsed).toEqual({ traceId, spanId, traceFlags: 1, isRemote: true });
    expect(formatTraceparent(parsed!)).toBe(`00-${traceId}-${spanId}-01`);
  });

  it.each([
    ['00', false],
    ['01', true],
    ['03', true],
    ['02', false],
  ])('with the flags %s is sampled: %s', (flags, sampled) => {
    expect(isSampled(parseTraceparent(`00-${traceId}-${spanId}-${flags}`)!)).toBe(sampled);
  });

  it('of a later version is read as far as version 00 goes', () => {
    expect(parseTraceparent(`cc-${traceId}-${spanId}-01-what-the-future-will-be`)).toMatchObject({ traceId, spanId });
  });

  it.each([
    ['nothing', undefined],
    ['an empty text', ''],
    ['the invalid version', `ff-${traceId}-${spanId}-01`],
    ['a trace id of zeros', `00-${'0'.repeat(32)}-${spanId}-01`],
    ['a span id of zeros', `00-${traceId}-${'0'.repeat(16)}-01`],
    ['upper case', `00-${traceId.toUpperCase()}-${spanId}-01`],
    ['something behind it in version 00', `00-${traceId}-${spanId}-01-x`],
    ['a line break with another header', `00-${traceId}-${spanId}-01\r\nx-evil: 1`],
    ['one that is too short', `00-${traceId.slice(1)}-${spanId}-01`],
  ])('says nothing when it is %s', (_, header) => {
    expect(parseTraceparent(header)).toBeUndefined();
  });
});
