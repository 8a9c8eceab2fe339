import { X509Certificate } from "node:crypto";
import { foreignText } from "./foreign_text.ts";

/** What a message may say about a certificate that a server showed; all of it printable. */
export interface PeerCertificate {
  /** Distinguished names on one line, e.g. `CN=mail.example.com, O=Example`. */
  readonly subject: string;
  readonly issuer: string;
  /** Whether it vouches for itself. */
  readonly selfSigned: boolean;
  /** Host names and addresses it is for; the first few. */
  readonly names: readonly string[];
  readonly namesCount: number;
  /** Absent where the certificate states none that can be read. */
  readonly validFrom?: Date;
  readonly validTo?: Date;
}

const NAMES_SHOWN = 5;
const NAME_CHARACTERS_MAX = 80;

/** Reads a certificate in DER; absent: it cannot be read. */
export function peerCertificateOf(der: Uint8Array): PeerCertificate | undefined {
  try {
    const certificate = new X509Certificate(der);
    const { subject, issuer, subjectAltName } = certificate;
    const names = namesOf(subjectAltName ?? "");
    return {
      subject: onOneLine(subject),
      issuer: onOneLine(issuer),
      selfSigned: subject === issuer,
      names: names.slice(0, NAMES_SHOWN).map(shortened),
      namesCount: names.length,
      ...dated("validFrom", certificate.validFrom),
      ...dated("validTo", certificate.validTo),
    };
  } catch {
    // Not readable is one of the things a certificate can be, and says no more than its absence.
    return undefined;
  }
}

/** Who issued it and when it holds, to be put into a sentence. */
export function describeIssue({ subject, issuer, selfSigned, ...dates }: PeerCertificate): string {
  const from = dates.validFrom && ` from ${dayOf(dates.validFrom)}`;
  const to = dates.validTo && ` to ${dayOf(dates.validTo)}`;
  const by = selfSigned ? "itself" : `"${issuer}"`;
  return `the certificate of "${subject}" is issued by ${by}, valid${from ?? ""}${to ?? ""}`;
}

/** The names it is for, to be put into a sentence. */
export function describeNames({ names, namesCount }: PeerCertificate): string {
  if (names.length === 0) return "no name at all";
  const shown = names.map((name) => `"${name}"`).join(", ");
  return namesCount > names.length ? `${shown} and ${namesCount - names.length} more` : shown;
}

/** The day of a time, in UTC. */
export function dayOf(time: Date): string {
  return time.toISOString().slice(0, 10);
}

function namesOf(subjectAltName: string): readonly string[] {
  return subjectAltName.split(", ").flatMap((entry) => {
    const [, name] = /^(?:DNS|IP Address):(.*)$/.exec(entry) ?? [];
    return name ? [name] : [];
  });
}

function onOneLine(distinguishedName: string): string {
  return shortened(distinguishedName.replaceAll("\n", ", ")) || "nobody";
}

function shortened(text: string): string {
  return foreignText(text).slice(0, NAME_CHARACTERS_MAX);
}

function dated<K extends string>(key: K, text: string): { readonly [P in K]?: Date } {
  const time = new Date(text);
  return (Number.isNaN(time.getTime()) ? {} : { [key]: time }) as { readonly [P in K]?: Date };
}
