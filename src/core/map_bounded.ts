/**
 * Runs `action` over `items`, at most `concurrency` at a time, and resolves to the results in order.
 * After a failure nothing new is begun; it is rethrown once everything already begun has ended.
 */
export async function mapBounded<T, R>(
  items: readonly T[],
  concurrency: number,
  action: (item: T) => Promise<R>,
): Promise<R[]> {
  const results = new Array<R>(items.length);
  const failures: unknown[] = [];
  const pending = items.entries();
  const lane = async () => {
    for (const [index, item] of pending) {
      try {
        results[index] = await action(item);
      } catch (error) {
        failures.push(error);
      }
      if (failures.length > 0) return;
    }
  };
  await Promise.all(Array.from({ length: Math.min(concurrency, items.length) }, lane));
  if (failures.length > 0) throw failures[0];
  return results;
}
