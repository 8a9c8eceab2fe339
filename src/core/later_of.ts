/** The later of two times, or the one there is. */
export function laterOf(a: Date | undefined, b: Date | undefined): Date | undefined {
  if (!a || !b) return a ?? b;
  return a >= b ? a : b;
}
