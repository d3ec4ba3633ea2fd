/** Log positions are bigints; JSON carries them as decimal text. */
export const inJson = (value: object): object =>
  JSON.parse(JSON.stringify(value, (_, each: unknown) => (typeof each === 'bigint' ? String(each) : each))) as object;
