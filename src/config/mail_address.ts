const ADDRESS_CHARACTERS_MAX = 254; // RFC 5321, 4.5.3.1.3: a path of 256 with its brackets
const LOCAL_PART = /^[^\s\p{C}<>()[\]\\,;:"@]+$/u;
const DOMAIN = /^[\p{L}\p{N}_]([\p{L}\p{M}\p{N}_-]*[\p{L}\p{M}\p{N}_])?$/u;

/**
 * Whether a text has the form of an SMTP address as Exchange gives mailboxes: no quoting, no
 * comments, any script. Says nothing about whether it exists.
 */
export function isMailboxAddress(text: string): boolean {
  const at = text.lastIndexOf("@");
  return text.length <= ADDRESS_CHARACTERS_MAX && LOCAL_PART.test(text.slice(0, Math.max(at, 0))) &&
    isMailDomain(text.slice(at + 1));
}

/** Whether a text has the form of a mail domain: labels between dots. */
export function isMailDomain(text: string): boolean {
  return text.length <= ADDRESS_CHARACTERS_MAX &&
    text.split(".").every((label) => DOMAIN.test(label));
}
