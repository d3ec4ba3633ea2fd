import type { PgColumn } from 'drizzle-orm/pg-core';

/** One column between the rows of a fold, the JSON that a batch is stored by, and what the client reads. */
export interface ColumnCodec {
  property: string;
  name: string;
  sqlType: string;
  notNull: boolean;
  /** The value as the database would give it back, so that a row from the cache and the same row from the database are alike. */
  normalise: (value: unknown) => unknown;
  toJson: (value: unknown) => unknown;
  fromRaw: (raw: unknown) => unknown;
}

export function codecOf(property: string, column: PgColumn): ColumnCodec {
  const orNull =
    (map: (value: unknown) => unknown) =>
    (value: unknown): unknown =>
      value === null || value === undefined ? null : map(value);
  const { normalise, toJson, fromRaw } = mappingOf(column);
  return {
    property,
    name: column.name,
    sqlType: column.getSQLType(),
    notNull: column.notNull,
    normalise: orNull(normalise),
    toJson: orNull(toJson),
    fromRaw: orNull(fromRaw),
  };
}

type Mapping = Pick<ColumnCodec, 'normalise' | 'toJson' | 'fromRaw'>;

const same = (value: unknown): unknown => value;

/** By drizzle's names of column classes: a kind that is not here is refused, because its values could change unseen on the way. */
function mappingOf(column: PgColumn): Mapping {
  switch (column.columnType) {
    case 'PgText':
    case 'PgVarchar':
    case 'PgUUID':
    case 'PgEnumColumn':
      return { normalise: storableText, toJson: same, fromRaw: same };
    case 'PgBoolean':
      return { normalise: same, toJson: same, fromRaw: same };
    case 'PgInteger':
    case 'PgSmallInt':
      return { normalise: safeInteger, toJson: same, fromRaw: same };
    case 'PgBigInt53':
      return { normalise: safeInteger, toJson: same, fromRaw: Number };
    case 'PgDoublePrecision':
      return { normalise: finite, toJson: same, fromRaw: same };
    case 'PgBigInt64':
    case 'PgNumericBigInt':
      return { normalise: bigint, toJson: String, fromRaw: bigint };
    case 'PgTimestampString':
      return { normalise: (value) => isoOf(value, column), toJson: same, fromRaw: same };
    case 'PgTimestamp':
      return { normalise: dateOf, toJson: (value) => dateOf(value).toISOString(), fromRaw: (raw) => dateOf(utcOf(String(raw))) };
    case 'PgDateString':
      return { normalise: (value) => dateOf(String(value)).toISOString().slice(0, 10), toJson: same, fromRaw: same };
    case 'PgJsonb':
      return { normalise: storableJson, toJson: same, fromRaw: same };
    default:
      throw new Error(`column ${column.name}: a projection's table takes no ${column.columnType}`);
  }
}

/** PostgreSQL stores no NUL and no half of a surrogate pair; a text that came from outside must not stop a projection for that. */
function storableText(value: unknown): string {
  if (typeof value !== 'string') throw new TypeError(`not a text: ${String(value)}`);
  const text = value.includes('\0') ? value.replaceAll('\0', '\uFFFD') : value;
  return text.isWellFormed() ? text : text.toWellFormed();
}

function storableJson(value: unknown): unknown {
  if (typeof value === 'string') return storableText(value);
  if (typeof value === 'bigint') throw new TypeError('JSON holds no bigint: store it as a decimal string');
  if (typeof value === 'number' && !Number.isFinite(value)) throw new TypeError('JSON holds no infinite number');
  if (value === null || typeof value !== 'object') return value;
  if (storable.has(value)) return value;
  if (value instanceof Date) return value.toISOString();
  const result = Array.isArray(value)
    ? value.map((item: unknown) => (item === undefined ? null : storableJson(item)))
    : storableMembers(value);
  storable.add(result);
  return result;
}

/** What has been made storable before: a list that grows is not gone through anew with each element. Nothing inside a json column changes in place. */
const storable = new WeakSet<object>();

function storableMembers(value: object): object {
  const entries = Object.entries(value).filter(([, item]) => item !== undefined);
  return Object.fromEntries(entries.map(([name, item]) => [storableText(name), storableJson(item)]));
}

function safeInteger(value: unknown): number {
  if (!Number.isSafeInteger(value)) throw new TypeError(`not a safe integer: ${String(value)}`);
  return value as number; // just checked
}

function finite(value: unknown): number {
  if (typeof value !== 'number' || !Number.isFinite(value)) throw new TypeError(`not a finite number: ${String(value)}`);
  return value;
}

function bigint(value: unknown): bigint {
  if (typeof value === 'bigint') return value;
  if (typeof value === 'string' || Number.isSafeInteger(value)) return BigInt(value as string | number); // just checked
  throw new TypeError(`not an integer: ${String(value)}`);
}

function dateOf(value: unknown): Date {
  const date = value instanceof Date ? value : new Date(String(value));
  if (Number.isNaN(date.getTime())) throw new TypeError(`not a time: ${String(value)}`);
  return date;
}

const utcOf = (text: string): string => (text.endsWith('Z') ? text : `${text}Z`);

function isoOf(value: unknown, column: PgColumn): string {
  const iso = dateOf(value).toISOString();
  return column.getSQLType().endsWith('with time zone') ? iso : iso.slice(0, -1);
}
