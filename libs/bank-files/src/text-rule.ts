import type { RefusalCode } from './problem.js';
import { lengthOf, shown } from './simple-value.js';

/**
 * Which characters a bank takes. `sepa`: the Latin set that every bank of the SEPA schemes must support (EPC217-08): letters without accents, digits, space and
 * `/ - ? : ( ) . , ' +`. `utf-8`: whatever XML can carry, but no control characters. Nothing is ever replaced: a name that was changed is another name.
 */
export type CharacterSet = 'sepa' | 'utf-8';

export interface TextTrouble {
  readonly code: Extract<RefusalCode, 'text_missing' | 'text_too_long' | 'character_refused'>;
  readonly detail: string;
}

const notSepa = /[^A-Za-z0-9/\-?:().,'+ ]/u;
/** Control characters, halves of surrogate pairs, and what is no character: also what XML 1.0 does not have. */
const notText = /[\p{Cc}\p{Cs}\p{Noncharacter_Code_Point}]/u;

/** What keeps a text from being written as an element of at most so many characters. */
export function textTrouble(text: string, most: number, charset: CharacterSet): TextTrouble | undefined {
  if (text === '') return { code: 'text_missing', detail: 'it is empty' };
  const refused = (charset === 'sepa' ? notSepa : notText).exec(text)?.[0];
  if (refused !== undefined) {
    const code = (refused.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0');
    return { code: 'character_refused', detail: `${shown(text)} has ${shown(refused)} (U+${code}), which is not in the set ${charset}` };
  }
  if (text !== text.trim()) return { code: 'character_refused', detail: `${shown(text)} begins or ends with space, which banks cut off` };
  const length = lengthOf(text);
  return length > most ? { code: 'text_too_long', detail: `${shown(text)} has ${length} characters, ${most} is the most` } : undefined;
}

/** The same for references, which come back: in the SEPA schemes they neither begin nor end with a slash, nor have two together. */
export function referenceTrouble(text: string, most: number, charset: CharacterSet): TextTrouble | undefined {
  const trouble = textTrouble(text, most, charset);
  if (trouble !== undefined || charset !== 'sepa' || !/^\/|\/\/|\/$/.test(text)) return trouble;
  return {
    code: 'character_refused',
    detail: `${shown(text)} begins or ends with a slash or has two together, which SEPA references must not`,
  };
}
