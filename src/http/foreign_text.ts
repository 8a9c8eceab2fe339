const TEXT_CHARACTERS_MAX = 200;

/** Text that a peer may have had a hand in, fit for one line of a log: printable and bounded. */
export function foreignText(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, "?").slice(0, TEXT_CHARACTERS_MAX);
}
