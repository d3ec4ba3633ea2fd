/** Works through items with so many at a time, begun in their order. Ends with the first failure. */
export async function inParallel<T>(items: readonly T[], width: number, work: (item: T) => Promise<void>): Promise<void> {
  const entries = items.values();
  let failed = false;
  const lane = async (): Promise<void> => {
    for (const item of entries) {
      if (failed) return;
      try {
        await work(item);
      } catch (error) {
        failed = true;
        throw error;
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(width, items.length) }, lane));
}
