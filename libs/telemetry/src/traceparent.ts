import { isValidSpanId, isValidTraceId, TraceFlags, type SpanContext } from '@opentelemetry/api';

/**
 * W3C Trace Context: `version "-" trace-id "-" parent-id "-" trace-flags` in lower-case hex, 2, 32, 16 and 2 digits. Version ff is invalid; a version
 * above 00 may have more behind another hyphen, and is read as 00.
 */
const pattern = /^(?!ff)(?<version>[0-9a-f]{2})-(?<traceId>[0-9a-f]{32})-(?<spanId>[0-9a-f]{16})-(?<flags>[0-9a-f]{2})(?<more>-.*)?$/;

/** Where a caller, an event or a message says that it belongs; undefined when it says nothing that can be read, as the standard asks. */
export function parseTraceparent(header: string | undefined): SpanContext | undefined {
  const groups = header === undefined ? undefined : pattern.exec(header.trim())?.groups;
  if (!groups) return undefined;
  const { version, traceId = '', spanId = '', flags = '', more } = groups;
  if (version === '00' && more !== undefined) return undefined;
  if (!isValidTraceId(traceId) || !isValidSpanId(spanId)) return undefined;
  return { traceId, spanId, traceFlags: Number.parseInt(flags, 16), isRemote: true };
}

export const isSampled = ({ traceFlags }: SpanContext): boolean => (traceFlags & TraceFlags.SAMPLED) !== 0;

/** As it goes to others: only whether it is sampled is said of the flags. */
export const formatTraceparent = (spanContext: SpanContext): string =>
  `00-${spanContext.traceId}-${spanContext.spanId}-${isSampled(spanContext) ? '01' : '00'}`;
