import { SaxesParser, type SaxesTagNS } from 'saxes';
import { BankFileRefused, type RefusalCode } from './problem.js';
import type { AnyType, ComplexType, SchemaType, SimpleType } from './schema.js';
import { Progress } from './schema.check.js';
import { messageOf, namespaceOf, type ReadMessage, type WrittenMessage } from './message.js';
import { shown } from './simple-value.js';
import { pathOf, type XmlNode } from './xml-node.js';

/** What a reader of one message does with its elements. */
export interface Visitor {
  /** Elements that are handed over by themselves and then forgotten: they never hang below their parents. */
  readonly parts: ReadonlySet<string>;
  /** A part begins: what came before it in its parent is there. */
  opened(part: XmlNode): void;
  /** A part has ended: what it holds, other parts aside, is there. */
  closed(part: XmlNode): void;
}

/** More than any message has; what is beyond is an attack on memory. */
const limits = { depth: 40, textLength: 64 * 1024, nodes: 200_000, silence: 1024 * 1024 };

interface Frame {
  readonly node: XmlNode;
  readonly type: SchemaType;
  /** Of a complex type. */
  readonly progress: Progress | undefined;
}

const xmlns = 'http://www.w3.org/2000/xmlns/';
const schemaInstance = 'http://www.w3.org/2001/XMLSchema-instance';
/** Attributes that say where a schema may lie. It is never fetched. */
const hints: ReadonlySet<string> = new Set(['schemaLocation', 'noNamespaceSchemaLocation']);

/**
 * Reads one message from text that comes in pieces, checks each element against the message's schema, and holds only what is open. XML 1.0 with namespaces,
 * in UTF-8, without a document type: so there are no entities but the five of XML.
 */
export class DocumentParser {
  readonly #sax = new SaxesParser({ xmlns: true, position: true });
  readonly #frames: Frame[] = [];
  readonly #namespace: string;
  #nodes = 0;
  #lastEvent = 0;

  constructor(
    readonly message: ReadMessage | WrittenMessage,
    private readonly schema: ComplexType,
    private readonly visitor: Visitor,
  ) {
    this.#namespace = namespaceOf(message);
    const sax = this.#sax;
    sax.on('xmldecl', ({ version, encoding }) => {
      if (encoding !== undefined && encoding.toLowerCase() !== 'utf-8')
        this.#refuse('encoding_unsupported', `the file says ${shown(encoding)}, ISO 20022 wants UTF-8`);
      if (version !== undefined && version !== '1.0') this.#refuse('malformed', `XML ${shown(version)}, ISO 20022 wants 1.0`);
    });
    sax.on('doctype', () => this.#refuse('doctype_refused', 'a document type, and entities of one, are not read'));
    sax.on('opentag', (tag) => this.#open(tag));
    sax.on('text', (text) => this.#text(text));
    sax.on('cdata', (text) => this.#text(text));
    sax.on('closetag', () => this.#close());
    sax.on('comment', () => this.#heard());
    sax.on('processinginstruction', () => this.#heard());
    sax.on('error', (error) => this.#refuse('malformed', error.message));
  }

  /** @throws BankFileRefused */
  write(text: string): void {
    this.#sax.write(text);
    if (this.#sax.position - this.#lastEvent > limits.silence)
      this.#refuse('too_large', `one tag, text or comment has more than ${limits.silence} characters`);
  }

  /** @throws BankFileRefused for a message that has not ended */
  end(): void {
    this.#sax.close();
  }

  /** Where the text that is being read stands. */
  get place(): { path: string; line: number } {
    return { path: pathOf(this.#frames.at(-1)?.node) || '/', line: this.#sax.line };
  }

  #refuse(code: RefusalCode, detail: string, place = this.place): never {
    throw new BankFileRefused({ code, ...place, detail });
  }

  #heard(): void {
    this.#lastEvent = this.#sax.position;
  }

  #open(tag: SaxesTagNS): void {
    this.#heard();
    const parent = this.#frames.at(-1);
    const isAny = parent?.type.kind === 'any';
    if (!isAny) this.#checkName(tag, parent === undefined);
    const { type, ordinal } = parent === undefined ? { type: this.schema, ordinal: 0 } : this.#particleOf(parent, tag);
    const node: XmlNode = {
      name: tag.local,
      line: this.#sax.line,
      parent: parent?.node,
      ordinal,
      text: '',
      currency: isAny ? undefined : tag.attributes.Ccy?.value,
      children: [],
      size: 0,
    };
    const progress = type.kind === 'sequence' || type.kind === 'choice' ? new Progress(type) : undefined;
    this.#frames.push({ node, type, progress });
    if (this.#frames.length > limits.depth) this.#refuse('too_large', `elements are more than ${limits.depth} deep`);
    if (!isAny) this.#checkAttributes(tag, type);
    if (!isAny && this.visitor.parts.has(node.name)) this.visitor.opened(node);
  }

  #checkName({ local, uri }: SaxesTagNS, isRoot: boolean): void {
    if (uri === this.#namespace && (!isRoot || local === 'Document')) return;
    if (!isRoot) this.#refuse('element_unexpected', `${shown(local)} is of the namespace ${shown(uri)}`);
    const found = messageOf(uri);
    if (found === undefined || local !== 'Document') {
      this.#refuse(
        'message_unknown',
        `${shown(local)} of the namespace ${shown(uri)} is no message of ISO 20022; ${this.message} is wanted`,
      );
    }
    const isOtherVersion = found.slice(0, 8) === this.message.slice(0, 8);
    this.#refuse(isOtherVersion ? 'version_unsupported' : 'message_unexpected', `this is ${found}; ${this.message} is wanted`);
  }

  #particleOf({ type, progress }: Frame, { local }: SaxesTagNS): { type: SchemaType; ordinal: number } {
    if (type.kind === 'any') return { type: anything, ordinal: 0 };
    if (progress === undefined) return this.#refuse('element_unexpected', `${shown(local)} stands inside a simple value`);
    const taken = progress.take(local);
    if ('code' in taken) return this.#refuse(taken.code, taken.detail);
    return { type: taken.particle.type, ordinal: taken.ordinal };
  }

  #checkAttributes(tag: SaxesTagNS, type: SchemaType): void {
    const wanted = type.kind === 'simple' ? type.attribute : undefined;
    for (const name in tag.attributes) {
      const { uri = '', local = '', value = '' } = tag.attributes[name] ?? {};
      if (uri === xmlns || (uri === schemaInstance && hints.has(local))) continue;
      if (wanted === undefined || name !== wanted.name) this.#refuse('attribute_unexpected', `${shown(name)} cannot stand here`);
      const wrong = wanted.rule(value);
      if (wrong !== undefined) this.#refuse('value_invalid', wrong, { ...this.place, path: `${this.place.path}/@${name}` });
    }
    if (wanted !== undefined && tag.attributes[wanted.name] === undefined) this.#refuse('attribute_missing', `${wanted.name} is missing`);
  }

  #text(text: string): void {
    this.#heard();
    const frame = this.#frames.at(-1);
    if (frame === undefined || frame.type.kind === 'any') return;
    if (frame.progress !== undefined) {
      if (/[^ \t\r\n]/.test(text)) this.#refuse('text_unexpected', `${shown(text.trim())} stands between elements`);
      return;
    }
    frame.node.text += text;
    if (frame.node.text.length > limits.textLength) this.#refuse('too_large', `a value has more than ${limits.textLength} characters`);
  }

  #close(): void {
    this.#heard();
    const frame = this.#frames.at(-1);
    if (frame === undefined) return;
    const { node, type, progress } = frame;
    if (type.kind === 'simple') this.#checkValue(node, type);
    const missing = progress?.end();
    if (missing !== undefined) this.#refuse(missing.code, missing.detail);
    const isPart = type.kind !== 'any' && this.visitor.parts.has(node.name);
    if (isPart) this.visitor.closed(node);
    this.#frames.pop();
    if (isPart) this.#nodes -= node.size;
    else if (type !== anything) this.#attach(node);
  }

  #checkValue(node: XmlNode, { rule, isTrimmed }: SimpleType): void {
    if (isTrimmed) node.text = node.text.trim();
    const wrong = rule(node.text);
    if (wrong !== undefined) this.#refuse('value_invalid', wrong);
  }

  #attach(node: XmlNode): void {
    const { parent } = node;
    if (parent === undefined) return;
    parent.children.push(node);
    parent.size += node.size + 1;
    this.#nodes++;
    if (this.#nodes > limits.nodes) this.#refuse('too_large', `more than ${limits.nodes} elements belong together`);
  }
}

/** What stands in an envelope of supplementary data: let through unread. */
const anything: AnyType = { kind: 'any', name: 'anything' };
