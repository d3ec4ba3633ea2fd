/** Lifts the data of one version of an event to the next. Pure; the data is what JSON gave, without its type. */
export type Upcaster = (data: Record<string, unknown>) => Record<string, unknown>;

/**
 * For each event type the upcasters from version 1 on: `{ PaymentCaptured: [v1ToV2, v2ToV3] }` means that version 3 is written today.
 * Types that are not named are at version 1.
 */
export type Upcasters = Readonly<Record<string, readonly Upcaster[]>>;

export const currentVersion = (upcasters: Upcasters, type: string): number => 1 + (upcasters[type]?.length ?? 0);

/**
 * The data as today's code knows it.
 * @throws Error for a version newer than this code: it must not be folded by guesswork.
 */
export function upcast(upcasters: Upcasters, type: string, data: Record<string, unknown>, version: number): Record<string, unknown> {
  const current = currentVersion(upcasters, type);
  if (version > current) throw new Error(`${type} has version ${version}; this release knows versions up to ${current}`);
  return (upcasters[type] ?? []).slice(version - 1).reduce((older, lift) => lift(older), data);
}
