/** The remainder by 97 of a text whose letters count as 10 to 35 (ISO 7064, mod 97-10). */
function remainderBy97(text: string): number {
  let remainder = 0;
  for (const character of text) {
    const digits = parseInt(character, 36);
    remainder = (remainder * (digits > 9 ? 100 : 10) + digits) % 97;
  }
  return remainder;
}

/** ISO 13616: two letters, two check digits that hold, at most 30 letters and digits; without spaces. The length that each country has is not checked. */
export const isIban = (text: string): boolean =>
  /^[A-Z]{2}\d{2}[A-Z0-9]{10,30}$/.test(text) && remainderBy97(text.slice(4) + text.slice(0, 4)) === 1;

/** ISO 9362: four letters or digits of the institution, country, two of the place, three of the branch or none. */
export const isBic = (text: string): boolean => /^[A-Z0-9]{4}[A-Z]{2}[A-Z0-9]{2}([A-Z0-9]{3})?$/.test(text);

/** EPC262-08: country, check digits over all but the three characters of the business code, national identifier. */
export const isCreditorIdentifier = (text: string): boolean =>
  /^[A-Z]{2}\d{2}[A-Z0-9]{3}[A-Z0-9]{1,28}$/.test(text) && remainderBy97(text.slice(7) + text.slice(0, 4)) === 1;
