import type { Schema } from './schema.js';

/**
 * Says whether a changed contract breaks whoever was built on the released one. A contract has two ends: what its writer may write (the known
 * fields and no other) must be what its reader takes. A reader of facts and messages puts up with fields that it does not know; the hub, reading
 * commands of platforms, refuses them.
 */
export interface Reading {
  toleratesNewFields: boolean;
}

/** Contracts by name: `messages/<topic>/<Type>.v<n>`, `facts/<category>/<Type>.v<n>`. */
export type Contracts = ReadonlyMap<string, Schema>;

/**
 * What is incompatible in the contracts as they are now with the released ones; a line for each. Contracts that are not released are free.
 * @throws Error where a contract uses what this check does not understand
 */
export function incompatibilities(current: Contracts, released: Contracts): string[] {
  return [...released].flatMap(([name, before]) => {
    const now = current.get(name);
    if (!now) return isSuperseded(name, current) ? [] : [`${name}: is released and no longer there`];
    return judged(name, now, before).map((what) => `${name}: ${what}`);
  });
}

function judged(name: string, now: Schema, before: Schema): string[] {
  try {
    return changes(name, now, before);
  } catch (error) {
    throw new Error(`${name} cannot be judged`, { cause: error });
  }
}

function changes(name: string, now: Schema, before: Schema): string[] {
  const oldReader = () => gaps(now, before, { toleratesNewFields: true }).map((gap) => `who reads the released one: ${gap}`);
  const newReader = (toleratesNewFields: boolean) =>
    gaps(before, now, { toleratesNewFields }).map((gap) => `what was written by the released one: ${gap}`);
  if (name.startsWith('messages/tongbao.payment.commands/')) return newReader(false);
  // News is read by others, who change when they like.
  if (/^messages\/.*\.events\//.test(name)) return oldReader();
  // Facts are kept for ever and commands between services lie on topics, and both are read by the release before while another one is rolled out.
  return [...oldReader(), ...newReader(true)];
}

/** A fact may have a newer version: an upcaster makes the old ones new when they are read. A message cannot: its readers are others. */
function isSuperseded(name: string, current: Contracts): boolean {
  const [, fact, version] = /^(facts\/.+\.v)(\d+)$/.exec(name) ?? [];
  return [...current.keys()].some(
    (other) => fact !== undefined && other.startsWith(fact) && Number(other.slice(fact.length)) > Number(version),
  );
}

/** What the reader would not take of what the writer may write; empty when it takes all. Paths are JSON pointers with `[]` for the items of a list. */
export const gaps = (writer: Schema, reader: Schema, reading: Reading): string[] =>
  new Comparison(writer, reader, reading).of(writer, reader, '');

const annotations = ['$schema', '$id', '$defs', '$comment', 'title', 'description', 'examples', 'default', 'deprecated'];
const compared = ['$ref', 'type', 'const', 'enum', 'properties', 'required', 'items', 'anyOf'];
const lowerBounds = ['minimum', 'exclusiveMinimum', 'minLength', 'minItems'];
const upperBounds = ['maximum', 'exclusiveMaximum', 'maxLength', 'maxItems'];
const exact = ['pattern', 'format', 'multipleOf', 'uniqueItems'];
const known = new Set([...annotations, ...compared, ...lowerBounds, ...upperBounds, ...exact]);

class Comparison {
  /** Pairs of named definitions that are being compared, so that one that holds itself comes to an end. */
  readonly #open = new Set<string>();

  constructor(
    private readonly writerRoot: Schema,
    private readonly readerRoot: Schema,
    private readonly reading: Reading,
  ) {}

  of(writer: Schema, reader: Schema, at: string): string[] {
    const [written, taken] = [resolve(writer, this.writerRoot, at), resolve(reader, this.readerRoot, at)];
    if (!writer.$ref || !reader.$ref) return this.#resolved(written, taken, at);
    const pair = `${writer.$ref} ${reader.$ref}`;
    if (this.#open.has(pair)) return [];
    this.#open.add(pair);
    const found = this.#resolved(written, taken, at);
    this.#open.delete(pair);
    return found;
  }

  #resolved(writer: Schema, reader: Schema, at: string): string[] {
    requireKnown(writer, at);
    requireKnown(reader, at);
    if (writer.anyOf) return writer.anyOf.flatMap((variant) => this.of(variant, reader, at));
    if (reader.anyOf)
      return this.#oneOf(
        reader.anyOf.map((variant) => this.of(writer, variant, at)),
        at,
      );
    const wrongValues = valueGaps(writer, reader);
    const wrong = (wrongValues.length > 0 ? wrongValues : boundGaps(writer, reader)).map((what) => `${at || '/'} ${what}`);
    return wrong.length > 0 ? wrong : [...this.#itemGaps(writer, reader, at), ...this.#propertyGaps(writer, reader, at)];
  }

  /** A variant is taken when any of the reader's takes it; else what is missing is told of the nearest one. */
  #oneOf(attempts: string[][], at: string): string[] {
    const [nearest] = attempts.sort((left, right) => left.length - right.length);
    return nearest?.length === 0 ? [] : [`${at || '/'} has a variant that is not known`, ...(nearest ?? [])];
  }

  #itemGaps(writer: Schema, reader: Schema, at: string): string[] {
    return reader.items ? this.of(writer.items ?? {}, reader.items, `${at}/[]`) : [];
  }

  #propertyGaps(writer: Schema, reader: Schema, at: string): string[] {
    const written = writer.properties ?? {};
    const taken = reader.properties ?? {};
    const missing = (reader.required ?? []).filter((name) => !writer.required?.includes(name));
    const unknown = this.reading.toleratesNewFields ? [] : Object.keys(written).filter((name) => !(name in taken));
    return [
      ...missing.map((name) => `${at}/${name} is required and may be missing`),
      ...unknown.map((name) => `${at}/${name} is not known`),
      ...Object.entries(written).flatMap(([name, schema]) => (taken[name] ? this.of(schema, taken[name], `${at}/${name}`) : [])),
    ];
  }
}

/** What a reference names. A name for a name is not used, and neither is a limit beside one. */
function resolve(schema: Schema, root: Schema, at: string): Schema {
  const { $ref, ...beside } = schema;
  if ($ref === undefined) return schema;
  const definition = root.$defs?.[$ref.replace('#/$defs/', '')];
  const limit = Object.keys(beside).find((keyword) => !annotations.includes(keyword));
  if (!definition || definition.$ref || limit)
    throw new Error(`${at || '/'} refers to ${$ref} in a way that the check of compatibility does not understand.`);
  return definition;
}

function requireKnown(schema: Schema, at: string): void {
  const keyword = Object.keys(schema).find((each) => !known.has(each));
  if (keyword) throw new Error(`${at || '/'} uses ${keyword}, which the check of compatibility does not understand.`);
}

const valuesOf = (schema: Schema): readonly unknown[] | undefined =>
  schema.enum ?? (schema.const === undefined ? undefined : [schema.const]);

const typesOf = ({ type = 'any' }: Schema): readonly string[] => (typeof type === 'string' ? [type] : type);

function valueGaps(writer: Schema, reader: Schema): string[] {
  const types = typesOf(reader);
  const isTaken = (type: string) => types.includes(type) || types.includes('any') || (type === 'integer' && types.includes('number'));
  if (!typesOf(writer).every(isTaken)) return [`is ${typesOf(writer).join(' or ')}, not ${types.join(' or ')}`];
  const taken = valuesOf(reader);
  if (!taken) return [];
  const written = valuesOf(writer);
  if (!written) return [`may be any value, not one of ${taken.join(', ')}`];
  const unknown = written.filter((value) => !taken.includes(value));
  return unknown.length > 0 ? [`may be ${unknown.join(', ')}, which is not known`] : [];
}

function boundGaps(writer: Schema, reader: Schema): string[] {
  const isLooser = (keyword: string, isWithin: (written: number, taken: number) => boolean) => {
    const [written, taken] = [writer[keyword], reader[keyword]];
    return typeof taken === 'number' && !(typeof written === 'number' && isWithin(written, taken));
  };
  const text = (value: unknown) => (value === undefined ? 'none' : JSON.stringify(value));
  return [
    ...lowerBounds.filter((keyword) => isLooser(keyword, (written, taken) => written >= taken)),
    ...upperBounds.filter((keyword) => isLooser(keyword, (written, taken) => written <= taken)),
    ...exact.filter((keyword) => reader[keyword] !== undefined && reader[keyword] !== writer[keyword]),
  ].map((keyword) => `has ${keyword} ${text(writer[keyword])}, not ${text(reader[keyword])}`);
}
