import { decodedText } from "./mime_header.ts";
import type { Participant } from "./participant.ts";

/**
 * The addresses of a header field such as To (RFC 5322, section 3.4): quoted names, comments,
 * encoded words, and groups, of which the members count and the name does not. What is no address
 * stays a name alone, as Exchange keeps it.
 */
export function addressesIn(field: string): readonly Participant[] {
  const found: Participant[] = [];
  let tokens: Token[] = [];
  const end = () => {
    const participant = participantOf(tokens);
    if (participant) found.push(participant);
    tokens = [];
  };
  for (const token of tokensOf(field)) {
    if (token.kind === "," || token.kind === ";") end();
    else if (token.kind === ":") tokens = []; // what came before named a group
    else tokens.push(token);
  }
  end();
  return found;
}

interface Token {
  readonly kind: "text" | "quoted" | "comment" | "angle" | "," | ";" | ":";
  readonly text: string;
}

const TOKEN =
  /"((?:[^"\\]|\\.)*)"?|\(((?:[^()\\]|\\.|\([^()]*\))*)\)?|<([^>]*)>?|([,;:])|[^",;:<(]+/gs;

function* tokensOf(field: string): Iterable<Token> {
  for (const [all, quoted, comment, angle, mark] of field.matchAll(TOKEN)) {
    if (quoted !== undefined) yield { kind: "quoted", text: unescaped(quoted) };
    else if (comment !== undefined) yield { kind: "comment", text: unescaped(comment) };
    else if (angle !== undefined) yield { kind: "angle", text: withoutRoute(angle) };
    else if (mark !== undefined) yield { kind: mark as "," | ";" | ":", text: mark };
    else if (all.trim()) yield { kind: "text", text: all.trim() };
  }
}

function participantOf(tokens: readonly Token[]): Participant | undefined {
  const said = (kind: Token["kind"]) => tokens.filter((token) => token.kind === kind);
  const [angle] = said("angle");
  const words = tokens.filter(({ kind }) => kind === "text" || kind === "quoted");
  const comment = said("comment").map(({ text }) => text).join(" ");
  if (angle) return named(words.map(({ text }) => text).join(" ") || comment, angle.text);
  const bare = words.map(({ kind, text }) =>
    kind === "quoted" && words.length > 1 ? `"${text}"` : text
  )
    .join("");
  if (bare.includes("@")) return named(comment, bare);
  return named(bare || comment, "");
}

function named(name: string, address: string): Participant | undefined {
  const shown = decodedText(name).trim();
  const trimmed = address.trim();
  if (!shown && !trimmed) return undefined;
  // Exchange shows the address where there is no name.
  return { name: shown || trimmed, ...(trimmed ? { address: trimmed } : {}) };
}

/** `@a,@b:user@host` is an obsolete way to say user@host. */
function withoutRoute(address: string): string {
  return address.replace(/^\s*@[^:]*:/, "").replace(/\s+/g, "");
}

function unescaped(text: string): string {
  return text.replace(/\\(.)/gs, "$1");
}
