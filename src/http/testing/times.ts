/** What `action` gives for each index below `count`. */
export function times<T>(count: number, action: (index: number) => T): readonly T[] {
  return Array.from({ length: count }, (_, index) => action(index));
}
