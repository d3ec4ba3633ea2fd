/**
 * XML as text. What is not there is the empty text and leaves no element, so optional elements need no conditions. Values are escaped here and nowhere else;
 * that they hold only characters which XML has is checked before, by `text-rule.ts`.
 */

/** An element with children; none when all of them are empty. */
export function element(name: string, ...children: readonly string[]): string {
  const content = children.join('');
  return content === '' ? '' : `<${name}>${content}</${name}>`;
}

/** An element with a value; none for `undefined`. */
export const value = (name: string, text: string | number | boolean | undefined): string =>
  text === undefined ? '' : `<${name}>${escape(String(text))}</${name}>`;

/** An amount: digits without a sign, and the currency as an attribute. */
export const amount = (name: string, decimal: string, currency: string): string =>
  `<${name} Ccy="${escape(currency)}">${decimal}</${name}>`;

export const documentStart = (namespace: string): string => `<?xml version="1.0" encoding="UTF-8"?>\n<Document xmlns="${namespace}">`;
export const documentEnd = '</Document>\n';

const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
const escape = (text: string): string => text.replace(/[&<>"]/g, (character) => entities[character] ?? character);
