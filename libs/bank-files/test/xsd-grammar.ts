import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { SaxesParser } from 'saxes';

/** An element of a schema, as XML has it. */
interface Xsd {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: Xsd[];
}

const xsdFolder = join(import.meta.dirname, 'xsd');
export const xsdPath = (message: string): string => join(xsdFolder, `${message}.xsd`);

/** The lines of the schema language of `src/schema.ts` that a published schema comes to: one for each type. */
export function grammarOf(message: string): string[] {
  const root = parse(readFileSync(xsdPath(message), 'utf8'));
  return root.children.filter(({ name }) => name !== 'xs:element').map(lineOf);
}

function parse(text: string): Xsd {
  const top: Xsd = { name: '', attributes: {}, children: [] };
  const open = [top];
  const parser = new SaxesParser();
  parser.on('opentag', ({ name, attributes }) => {
    const element: Xsd = { name, attributes, children: [] };
    open.at(-1)!.children.push(element);
    open.push(element);
  });
  parser.on('closetag', () => void open.pop());
  parser.write(text).close();
  return top.children[0]!;
}

function lineOf(type: Xsd): string {
  const [content] = type.children;
  const name = type.attributes.name!;
  switch (content!.name) {
    case 'xs:sequence':
      if (content!.children[0]?.name === 'xs:any') return `${name} any`;
      return `${name} sequence ${content!.children.map(particle).join(' ')}`;
    case 'xs:choice':
      return `${name} choice ${content!.children.map(particle).join(' ')}`;
    case 'xs:simpleContent': {
      const extension = content!.children[0]!;
      const attribute = extension.children[0]!.attributes;
      return `${name} amount ${extension.attributes.base!} ${attribute.name!}:${attribute.type!}`;
    }
    case 'xs:restriction':
      return `${name} ${restriction(content!)}`.trim();
    default:
      throw new Error(`${name} has ${content!.name}, which the language of schemas does not know`);
  }
}

const signs: Record<string, string> = { '1..1': '', '0..1': '?', '0..unbounded': '*', '1..unbounded': '+' };

function particle({ name, attributes }: Xsd): string {
  if (name !== 'xs:element') throw new Error(`${name} inside a sequence or a choice`);
  const occurs = `${attributes.minOccurs ?? '1'}..${attributes.maxOccurs ?? '1'}`;
  return `${attributes.name!}${signs[occurs] ?? `{${occurs}}`}:${attributes.type!}`;
}

function restriction({ attributes, children }: Xsd): string {
  const base = attributes.base!.replace('xs:', '');
  const facet = (name: string): string | undefined => children.find((each) => each.name === `xs:${name}`)?.attributes.value;
  if (base === 'decimal') return ['decimal', facet('totalDigits'), facet('fractionDigits'), facet('minInclusive')].join(' ').trim();
  if (base === 'base64Binary') return `base64Binary ${facet('minLength')!} ${facet('maxLength')!}`;
  if (base !== 'string') return base;
  if (facet('pattern') !== undefined) return `pattern ${facet('pattern')!}`;
  if (facet('enumeration') !== undefined) return `enumeration ${children.map((each) => each.attributes.value).join(' ')}`;
  return `length ${facet('minLength')!} ${facet('maxLength')!}`;
}
