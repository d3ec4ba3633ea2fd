/** Works on all items, so many at a time. The first error ends it, after those that are under way. */
export async function inParallel<T>(items: readonly T[], atOnce: number, work: (item: T) => Promise<void>): Promise<void> {
  const rest = items[Symbol.iterator]();
  const failure: { error?: unknown } = {};
  const worker = async () => {
    for (let next = rest.next(); next.done !== true && !('error' in failure); next = rest.next()) {
      try {
        await work(next.value);
      } catch (error) {
        failure.error ??= error;
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, worker));
  if ('error' in failure) throw failure.error;
}
