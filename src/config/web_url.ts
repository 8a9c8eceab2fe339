const OUT_OF_PLACE = /[\s\p{C}\\?#]/u;

/**
 * The http or https URL a text is, or undefined. Stricter than the URL standard, which repairs what
 * it can: white space, control characters, backslashes and a missing `//` are refused; so are
 * credentials, query and fragment, which no base URL needs and which would end up in logs.
 */
export function webUrlOf(text: string): URL | undefined {
  if (!/^https?:\/\/[^/]/i.test(text) || OUT_OF_PLACE.test(text)) return undefined;
  if (authorityOf(text).includes("@") || !URL.canParse(text)) return undefined;
  return new URL(text);
}

/** Whether a request to `url` stays on this machine. */
export function isLoopback(url: URL): boolean {
  return /^(localhost|.+\.localhost|127\.[0-9]+\.[0-9]+\.[0-9]+|\[::1\])$/.test(url.hostname);
}

/** `webUrlOf` for what receives a secret as it is: https, or http that stays on this machine. */
export function secureUrlOf(text: string): URL | undefined {
  const url = webUrlOf(text);
  return url && (url.protocol === "https:" || isLoopback(url)) ? url : undefined;
}

/** What stands between `//` and the path. */
function authorityOf(text: string): string {
  return /^[^:]*:\/\/([^/]*)/.exec(text)?.[1] ?? "";
}
