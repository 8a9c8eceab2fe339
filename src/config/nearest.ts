/** Words longer than this are not compared: no name of ours comes near it. */
const WORD_CHARACTERS_MAX = 64;
const DISTANCE_MAX = 4;

/**
 * The candidate a mistyped `word` was most likely meant to be, or undefined if none is near: at
 * most a third of the word may differ. The first of equally near ones wins. Case is no difference.
 */
export function nearestOf(word: string, candidates: Iterable<string>): string | undefined {
  if (word.length > WORD_CHARACTERS_MAX) return undefined;
  let bound = Math.min(DISTANCE_MAX, Math.max(1, Math.floor(word.length / 3)));
  let nearest: string | undefined;
  for (const candidate of candidates) {
    const distance = editDistance(word.toLowerCase(), candidate.toLowerCase(), bound);
    if (distance === undefined) continue;
    nearest = candidate;
    if (distance === 0) break;
    bound = distance - 1; // only a strictly nearer one replaces it
  }
  return nearest;
}

/** The tail of a message about an unknown word: empty if nothing is near. */
export function suggestion(word: string, candidates: Iterable<string>): string {
  const nearest = nearestOf(word, candidates);
  return nearest === undefined ? "" : `; did you mean "${nearest}"?`;
}

/**
 * Damerau-Levenshtein distance (optimal string alignment: insert, delete, replace, swap two
 * neighbours), or undefined if it is more than `bound`.
 */
export function editDistance(a: string, b: string, bound: number): number | undefined {
  if (Math.abs(a.length - b.length) > bound) return undefined;
  let beforePrevious: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current = nextRow(a, b, row, previous, beforePrevious);
    if (Math.min(...current) > bound && Math.min(...previous) > bound) return undefined;
    beforePrevious = previous;
    previous = current;
  }
  const distance = previous[b.length] ?? 0;
  return distance <= bound ? distance : undefined;
}

function nextRow(
  a: string,
  b: string,
  row: number,
  previous: readonly number[],
  beforePrevious: readonly number[],
): number[] {
  const at = (cells: readonly number[], column: number) => cells[column] ?? Infinity;
  const current = [row];
  for (let column = 1; column <= b.length; column++) {
    const replaced = at(previous, column - 1) + (a[row - 1] === b[column - 1] ? 0 : 1);
    const swapped = a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1]
      ? at(beforePrevious, column - 2) + 1
      : Infinity;
    const grown = Math.min(at(previous, column), at(current, column - 1)) + 1;
    current.push(Math.min(replaced, swapped, grown));
  }
  return current;
}
