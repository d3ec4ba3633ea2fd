/** Somebody else's text, in one line: nothing in it may move the cursor of a terminal, or turn the direction of writing. */
export const printable = (text: string): string =>
  text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`);
