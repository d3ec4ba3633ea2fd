import {
  base64Rule,
  booleanRule,
  dateRule,
  dateTimeRule,
  decimalRule,
  enumerationRule,
  lengthRule,
  patternRule,
  yearMonthRule,
  yearRule,
  type SimpleRule,
} from './simple-value.js';

/**
 * The part of XML Schema that ISO 20022 messages use, a type a line:
 *
 *     <type> sequence <particle> …       <particle> = <element>[<occurs>]:<type>   in this order
 *     <type> choice <particle> …         one of them
 *     <type> amount <type> <attribute>:<type>    a simple value with one compulsory attribute
 *     <type> any                         elements of any namespace
 *     <type> length <least> <most> | pattern <expression> | enumeration <value> … | decimal <digits> <after the point> [<least>]
 *            | date | dateTime | boolean | gYear | gYearMonth | base64Binary <least> <most>
 *
 * `<occurs>` is `?` (0 or 1), `*`, `+`, or `{0..10}`. The published schemas and these lines say the same: `test/schema.spec.ts` compares them.
 */
export type SchemaType = ComplexType | SimpleType | AnyType;

export interface ComplexType {
  readonly kind: 'sequence' | 'choice';
  readonly name: string;
  readonly particles: readonly Particle[];
  readonly byName: ReadonlyMap<string, number>;
}

export interface SimpleType {
  readonly kind: 'simple';
  readonly name: string;
  readonly rule: SimpleRule;
  /** Space around the value counts for nothing. */
  readonly isTrimmed: boolean;
  readonly attribute?: { readonly name: string; readonly rule: SimpleRule };
}

export interface AnyType {
  readonly kind: 'any';
  readonly name: string;
}

export interface Particle {
  readonly name: string;
  readonly least: number;
  readonly most: number;
  readonly type: SchemaType;
}

type Written = ReadonlyMap<string, { readonly kind: string; readonly rest: string }>;

/**
 * The type of the element `Document`, from lines of the language above.
 * @throws Error for lines that do not keep it, or that name a type which is not there
 */
export function compileSchema(...texts: readonly string[]): ComplexType {
  const lines = texts.flatMap((text) => text.split('\n')).filter((line) => line !== '');
  const written: Written = new Map(
    lines.map((line) => {
      const [name = '', kind = '', ...rest] = line.split(' ');
      return [name, { kind, rest: rest.join(' ') }] as const;
    }),
  );
  const document = typeOf('Document', written, new Map());
  if (document.kind !== 'sequence') throw new Error('Document is no sequence');
  return document;
}

function typeOf(name: string, written: Written, known: Map<string, SchemaType>): SchemaType {
  const type = known.get(name);
  if (type !== undefined) return type;
  const { kind, rest } = written.get(name) ?? { kind: 'nothing', rest: '' };
  if (kind === 'sequence' || kind === 'choice') return complexType(name, kind, rest, written, known);
  const made: SchemaType =
    kind === 'any' ? { kind: 'any', name } : kind === 'amount' ? amountType(name, rest, written, known) : simpleType(name, kind, rest);
  known.set(name, made);
  return made;
}

function complexType(
  name: string,
  kind: 'sequence' | 'choice',
  rest: string,
  written: Written,
  known: Map<string, SchemaType>,
): ComplexType {
  const particles: Particle[] = [];
  const byName = new Map<string, number>();
  const made: ComplexType = { kind, name, particles, byName };
  // Before its particles, which may be of this type.
  known.set(name, made);
  for (const text of rest.split(' ')) {
    const [, element = '', occurs = '', type = ''] = /^(\w+)([?*+]|\{[^}]+\})?:(\w+)$/.exec(text) ?? [];
    byName.set(element, particles.length);
    particles.push({ name: element, ...occurrence(occurs), type: typeOf(type, written, known) });
  }
  return made;
}

function occurrence(sign: string): { least: number; most: number } {
  if (sign === '') return { least: 1, most: 1 };
  if (sign === '?') return { least: 0, most: 1 };
  if (sign === '*') return { least: 0, most: Infinity };
  if (sign === '+') return { least: 1, most: Infinity };
  const [least, most] = sign.slice(1, -1).split('..').map(Number);
  if (least === undefined || most === undefined) throw new Error(`${sign} says nothing of how often`);
  return { least, most };
}

function amountType(name: string, rest: string, written: Written, known: Map<string, SchemaType>): SimpleType {
  const [base = '', attribute = '', type = ''] = rest.split(/[ :]/);
  const value = typeOf(base, written, known);
  const ofAttribute = typeOf(type, written, known);
  if (value.kind !== 'simple' || ofAttribute.kind !== 'simple') throw new Error(`${name} is made of what is not simple`);
  return { ...value, name, attribute: { name: attribute, rule: ofAttribute.rule } };
}

function simpleType(name: string, kind: string, rest: string): SimpleType {
  const isTrimmed = !['length', 'pattern', 'enumeration'].includes(kind);
  return { kind: 'simple', name, rule: ruleOf(name, kind, rest), isTrimmed };
}

function ruleOf(name: string, kind: string, rest: string): SimpleRule {
  const [first = NaN, second = NaN, third] = rest.split(' ').map(Number);
  switch (kind) {
    case 'length':
      return lengthRule(first, second);
    case 'pattern':
      return patternRule(rest);
    case 'enumeration':
      return enumerationRule(rest.split(' '));
    case 'decimal':
      return decimalRule(first, second, third);
    case 'base64Binary':
      return base64Rule(first, second);
    case 'date':
      return dateRule;
    case 'dateTime':
      return dateTimeRule;
    case 'boolean':
      return booleanRule;
    case 'gYear':
      return yearRule;
    case 'gYearMonth':
      return yearMonthRule;
    default:
      throw new Error(`${name} is ${kind}, which the language of schemas does not know`);
  }
}
