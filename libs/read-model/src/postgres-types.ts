import { isoTimestamp } from './timestamps.js';

type Parse = (text: string) => unknown;

const asText: Parse = (text) => text;
const bytes: Parse = (text) => Uint8Array.from(Buffer.from(text.slice(2), 'hex'));
const json: Parse = (text) => JSON.parse(text) as unknown;

/** Kinds of values by the ids (pg_type.oid) that PostgreSQL gives them for good: of the type, and of an array of it. */
const kinds: readonly [type: number, array: number, parse: Parse][] = [
  [16, 1000, (text) => text === 't'], // boolean
  [17, 1001, bytes], // bytea
  [20, 1016, asText], // int8
  [21, 1005, Number], // int2
  [23, 1007, Number], // int4
  [25, 1009, asText], // text
  [26, 1028, Number], // oid
  [114, 199, json], // json
  [700, 1021, Number], // float4
  [701, 1022, Number], // float8
  [1042, 1014, asText], // char(n)
  [1043, 1015, asText], // varchar
  [1082, 1182, asText], // date
  [1114, 1115, isoTimestamp], // timestamp
  [1184, 1185, isoTimestamp], // timestamptz
  [1700, 1231, asText], // numeric
  [2950, 2951, asText], // uuid
  [3802, 3807, json], // jsonb
];

/** @param textsOf reads PostgreSQL's text of an array, however deep, as an array of its values' texts */
export function typeParsers(textsOf: Parse): (oid: number) => Parse {
  const parsers = new Map<number, Parse>();
  for (const [type, array, parse] of kinds) {
    const each = (value: unknown): unknown => (Array.isArray(value) ? value.map(each) : typeof value === 'string' ? parse(value) : null);
    parsers.set(type, parse);
    parsers.set(array, (text) => each(textsOf(text)));
  }
  return (oid) => parsers.get(oid) ?? asText;
}
