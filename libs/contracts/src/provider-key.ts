export type ProviderCall = 'attempt' | 'refund' | 'late-refund' | 'top-up';

const callMarks: Record<ProviderCall, string> = { attempt: '', refund: 'r', 'late-refund': 'l', 'top-up': 't' };

/**
 * The key of a call at a provider: the first 26 characters of the id without its prefix, a letter for the kind of call, two digits.
 * Deterministic, so that a repetition meets the first call; at most 29 characters (the narrowest provider takes 32). Bills name our payments and refunds by it.
 */
export const providerKeyOf = (id: string, call: ProviderCall, number: number): string =>
  `${id.slice(4, 30)}${callMarks[call]}${String(number).padStart(2, '0')}`;

/** What a provider's notification names: the beginning of the id, what was called, and its number. */
export function parseProviderKey(key: string): { idPrefix: string; call: ProviderCall; number: number } | undefined {
  const [, idPrefix, mark, number] = /^([a-z2-7]{26})([rlt]?)(\d{2,4})$/.exec(key) ?? [];
  const call = (Object.keys(callMarks) as ProviderCall[]).find((each) => callMarks[each] === mark);
  return idPrefix && number && call ? { idPrefix, call, number: Number(number) } : undefined;
}
