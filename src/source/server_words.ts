const CHARACTERS_MAX = 300;

/** What a server could have copied from a request: credentials by scheme, and tokens by their form. */
const SECRETS = /\b(?:Bearer|Basic|NTLM|Negotiate)\s+[\w.~+/=-]{8,}|\beyJ[\w-]{8,}\.[\w.-]+/gi;

/** A server's own words, fit for a message: hostile, hence on one line, cut, and without secrets. */
export function serverWords(text: string): string {
  const oneLine = text.replace(/[\p{Cc}\p{Cf}\s]+/gu, " ").trim().replace(SECRETS, "(secret)");
  return oneLine.length <= CHARACTERS_MAX ? oneLine : `${oneLine.slice(0, CHARACTERS_MAX)}…`;
}
