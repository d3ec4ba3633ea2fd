/** An element of a file that is read, already checked against the message's schema. */
export interface XmlNode {
  readonly name: string;
  /** Where its start tag ends; from 1. */
  readonly line: number;
  readonly parent: XmlNode | undefined;
  /** Its number among those of its name that may repeat, from 1; 0 where only one is allowed. */
  readonly ordinal: number;
  text: string;
  /** The attribute `Ccy`. */
  readonly currency: string | undefined;
  readonly children: XmlNode[];
  /** How many nodes hang below it. */
  size: number;
}

export const pathOf = (node: XmlNode | undefined): string =>
  node === undefined ? '' : `${pathOf(node.parent)}/${node.name}${node.ordinal === 0 ? '' : `[${node.ordinal}]`}`;

export const placeOf = (node: XmlNode): { path: string; line: number } => ({ path: pathOf(node), line: node.line });

export const child = (node: XmlNode | undefined, name: string): XmlNode | undefined => node?.children.find((each) => each.name === name);

export const childrenOf = (node: XmlNode | undefined, name: string): XmlNode[] => node?.children.filter((each) => each.name === name) ?? [];

/** The first element at the end of a path of names. */
export function at(node: XmlNode | undefined, ...names: readonly string[]): XmlNode | undefined {
  let found = node;
  for (const name of names) found = child(found, name);
  return found;
}

export const textAt = (node: XmlNode | undefined, ...names: readonly string[]): string | undefined => at(node, ...names)?.text;

/** The text of an element that the schema makes compulsory. */
export function textOf(node: XmlNode, ...names: readonly string[]): string {
  const text = textAt(node, ...names);
  if (text === undefined) throw new Error(`the schema does not make ${names.join('/')} of ${pathOf(node)} compulsory`);
  return text;
}

/** The first of the children: what a choice has chosen. */
export const chosen = (node: XmlNode | undefined): XmlNode | undefined => node?.children[0];
