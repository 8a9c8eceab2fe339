/** Whom NTLM signs in. `domain` is empty where the user name says it all. */
export interface NtlmAccount {
  readonly domain: string;
  readonly user: string;
}

/**
 * Splits a configured user name: `DOMAIN\user`, `user@domain` (a UPN, which goes whole into the user
 * field with an empty domain, [MS-NLMP] 2.2.1.3 and 3.3.2), or plain `user`.
 */
export function ntlmAccountOf(configured: string): NtlmAccount {
  const separator = configured.indexOf("\\");
  if (separator < 0) return { domain: "", user: configured };
  return { domain: configured.slice(0, separator), user: configured.slice(separator + 1) };
}
