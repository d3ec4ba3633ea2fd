import type { ForeignRecord } from './kcat.js';

/** A topic as some of its groups read it. */
export interface Lane {
  topic: string;
  groups: readonly string[];
  /** One that the groups handle. */
  type: string;
}

export interface Kind {
  name: string;
  /** All but the topic, and the key where it is not of the kind itself. */
  record: Omit<ForeignRecord, 'topic' | 'partition'>;
  /** A key comes with it from outside. */
  keyed: boolean;
  /** Why it is a dead letter; an event of unknown type is none. */
  becomes: { reason: 'malformed' | 'unknown_command' | 'failed'; error: string } | 'passed over';
}

const json = 'application/json';
const jose = 'application/jose';
const most = 900_000;

/** What can be wrong with a message. */
export function kindsOf(lane: Lane): Kind[] {
  const isOutside = lane.topic === 'tongbao.payment.commands';
  const isCommands = lane.topic.endsWith('.commands');
  const wrongShape = isOutside ? 'a command is compact JOSE' : `${lane.type} must have required property`;
  const head = (name: string, change: Record<string, string | null> = {}) => ({
    ce_specversion: '1.0',
    ce_id: `foreign ${name}`,
    ce_source: 'somebody else',
    ce_type: lane.type,
    ce_time: new Date().toISOString(),
    'content-type': json,
    ...change,
  });
  const malformed = (error: string): Kind['becomes'] => ({ reason: 'malformed', error });
  const kind = (name: string, value: ForeignRecord['value'], becomes: Kind['becomes'], change: Partial<ForeignRecord> = {}): Kind => ({
    name,
    record: { value, headers: head(name), ...change },
    keyed: true,
    becomes,
  });
  const long = 'x'.repeat(5_000);
  return [
    kind('no JSON', '{"holdId":', malformed('the payload is not JSON')),
    kind('no object', '["PlaceHold"]', malformed('the payload is not a JSON object')),
    kind('empty', '', malformed('the payload is not JSON')),
    kind('a tombstone', null, malformed('the payload is not JSON')),
    { ...kind('no key', '{}', malformed('the message has no key')), keyed: false },
    { ...kind('a key that is no text', '{}', malformed('the message has no key'), { key: Buffer.of(0xff, 0xfe) }), keyed: false },
    kind('no headers', '{}', malformed('the message has no id'), { headers: {} }),
    kind('no id', '{}', malformed('the message has no id'), { headers: head('', { ce_id: null }) }),
    kind('no place', '{}', malformed('is not a log position'), { headers: head('no place', { 'tongbao-position': 'the end' }) }),
    kind(
      'an unknown type',
      '{}',
      isCommands ? { reason: 'unknown_command', error: 'nobody handles commands of type GiveAway' } : 'passed over',
      {
        headers: head('an unknown type', { ce_type: 'GiveAway' }),
      },
    ),
    kind('another shape', JSON.stringify({ type: lane.type, surprise: true }), malformed(wrongShape)),
    kind('as large as may be', JSON.stringify({ type: lane.type, pad: 'x'.repeat(most) }), malformed(wrongShape)),
    kind('no text', Buffer.of(0xfe, 0xed, 0xfa, 0xce), malformed('the payload is not JSON'), {
      headers: head('no text', { 'content-type': 'application/avro' }),
    }),
    kind('signed by nobody', 'eyJ.eyJ.c2ln', isOutside ? { reason: 'failed', error: 'no compact JWS' } : malformed(wrongShape), {
      headers: head('signed by nobody', { 'content-type': jose }),
    }),
    ...(['gzip', 'snappy', 'lz4', 'zstd'] as const).map((compression) =>
      kind(`compressed by ${compression}`, long, malformed('the payload is not JSON'), { compression }),
    ),
  ];
}
