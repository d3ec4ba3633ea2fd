import { FileRefused } from './bill-problem.js';

/** An object of a list, as its text; `tooLong` where it passes the bound. */
export interface JsonElement {
  readonly text: string;
  readonly line: number;
  readonly tooLong: boolean;
}

const maxDepth = 32;

/**
 * Finds the objects of lists in a stream of JSON, one after another, without holding the list: a list page of Stripe's API (`{"object":"list","data":[…]}`), an
 * array, objects by themselves, and any number of these one after another (JSON Lines, pages written to one file).
 */
export class JsonElements {
  /** Whether the last page that was read says that there are more. */
  hasMore = false;
  private readonly open: ('{' | '[')[] = [];
  private inString = false;
  private escaped = false;
  private line = 1;
  /** The last string of the outermost object: a key, where a colon follows. */
  private word = '';
  private key = '';
  private captured: string | undefined;
  private capturedDepth = 0;
  private capturedLine = 1;
  private capturedTooLong = false;
  private elements: JsonElement[] = [];

  constructor(private readonly maxElementLength: number) {}

  /** @throws FileRefused `json_malformed` where brackets do not fit */
  push(text: string): JsonElement[] {
    let from = 0;
    for (let index = 0; index < text.length; index += 1) {
      const char = text.charCodeAt(index);
      if (char === 10) this.line += 1;
      if (this.inString) this.stringChar(char, text, index);
      else if (char === 34) {
        this.inString = true;
        if (this.open.length === 1) this.word = '';
      } else if (char === 123 || char === 91) {
        if (this.begin(char === 123 ? '{' : '[')) from = index;
      } else if (char === 125 || char === 93) {
        if (this.finish(char === 125 ? '{' : '[')) from = this.emit(text, from, index);
      } else this.otherChar(char);
    }
    this.capture(text.slice(from));
    const { elements } = this;
    this.elements = [];
    return elements;
  }

  /** @throws FileRefused `truncated` */
  end(): void {
    if (this.open.length > 0 || this.inString)
      throw new FileRefused('truncated', 'it ends within a list or an object', { line: this.line });
    if (this.hasMore) throw new FileRefused('truncated', 'its last page says that there are more');
  }

  private stringChar(char: number, text: string, index: number): void {
    if (this.escaped) this.escaped = false;
    else if (char === 92) this.escaped = true;
    else if (char === 34) this.inString = false;
    if (this.inString && this.open.length === 1 && this.word.length < 16) this.word += text[index] ?? '';
  }

  /** @returns whether an element begins here */
  private begin(bracket: '{' | '['): boolean {
    if (this.open.length >= maxDepth) throw this.malformed();
    const isList = bracket === '[' && this.open.length === 1 && this.key === 'data';
    // What was taken for an element is the page around them.
    if (isList && this.open[0] === '{') this.captured = undefined;
    this.open.push(bracket);
    const depth = this.open.length;
    const isElement = depth === 1 || (depth === 2 && this.open[0] === '[') || (depth === 3 && this.open[1] === '[' && this.key === 'data');
    if (bracket !== '{' || !isElement || this.captured !== undefined) return false;
    this.captured = '';
    this.capturedDepth = depth;
    this.capturedLine = this.line;
    this.capturedTooLong = false;
    return true;
  }

  /** @returns whether an element ends here */
  private finish(bracket: '{' | '['): boolean {
    if (this.open.at(-1) !== bracket) throw this.malformed();
    const isEnd = this.captured !== undefined && this.open.length === this.capturedDepth;
    this.open.pop();
    if (this.open.length === 0) this.key = '';
    return isEnd;
  }

  private emit(text: string, from: number, index: number): number {
    this.capture(text.slice(from, index + 1));
    this.elements.push({ text: this.captured ?? '', line: this.capturedLine, tooLong: this.capturedTooLong });
    this.captured = undefined;
    return index + 1;
  }

  private capture(text: string): void {
    if (this.captured === undefined || this.capturedTooLong) return;
    if (this.captured.length + text.length > this.maxElementLength) {
      this.capturedTooLong = true;
      this.captured = '';
    } else this.captured += text;
  }

  private otherChar(char: number): void {
    const isBlank = char === 32 || (char >= 9 && char <= 13) || char === 0xfeff;
    if (isBlank) return;
    if (this.open.length === 0 && char !== 44) throw this.malformed();
    if (this.open.length !== 1 || this.open[0] !== '{') return;
    if (char === 58) this.key = this.word;
    else if (this.key === 'has_more' && (char === 116 || char === 102)) this.hasMore = char === 116;
  }

  private malformed(): FileRefused {
    return new FileRefused('json_malformed', 'it is not JSON', { line: this.line });
  }
}
