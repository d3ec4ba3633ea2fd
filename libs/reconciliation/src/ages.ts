export const dayMs = 86_400_000;

/** How old what waits for people is: `day`: under a day, `week`, `month` (30 days), and `older`. */
export const ages = ['day', 'week', 'month', 'older'] as const;
export type Age = (typeof ages)[number];

const limitsDays = [1, 7, 30];

/** The times before which something is older than a day, a week, a month. */
export const ageCuts = (now: Date): string[] => limitsDays.map((days) => new Date(now.getTime() - days * dayMs).toISOString());

/** By how many of the cuts it is older than. */
export const ageOf = (olderThan: number): Age => ages[olderThan] ?? 'older';
