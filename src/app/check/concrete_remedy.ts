import type { AuthConfig } from "../../config/app_config.ts";
import { accountOf } from "../../config/config_secrets.ts";
import type { CheckLine } from "./check_line.ts";

/** What the placeholders of remedies stand for. */
export interface RemedyNames {
  readonly auth: AuthConfig;
  /** Address of the mailbox it is about, if there is one. */
  readonly mailbox?: string;
}

/** The line with the commands of its remedy ready to be pasted, as far as the names are known. */
export function withConcreteRemedy(line: CheckLine, names: RemedyNames): CheckLine {
  if (line.remedy === undefined) return line;
  return { ...line, remedy: concreteRemedy(line.remedy, names) };
}

function concreteRemedy(remedy: string, { auth, mailbox }: RemedyNames): string {
  const names: Readonly<Record<string, string | undefined>> = {
    "MAILBOX": mailbox,
    "ADDRESS": mailbox,
    [auth.type === "oauth2" ? "CLIENT-ID" : "ACCOUNT"]: accountOf(auth),
  };
  return remedy.replace(/\b(?:MAILBOX|ADDRESS|ACCOUNT|CLIENT-ID)\b/g, (placeholder) => {
    const name = names[placeholder];
    return name === undefined ? placeholder : powerShellWord(name);
  });
}

/** One argument of a PowerShell command (about_Quoting_Rules). */
function powerShellWord(text: string): string {
  return /^[A-Za-z0-9._@\\-]+$/.test(text) && !text.startsWith("@") && !text.startsWith("-")
    ? text
    : `'${text.replaceAll("'", "''")}'`;
}
