import { anchorHeaders } from "../anchor_headers.ts";

/** Cookies of one server and what stands before it; more are not remembered. */
const COOKIES_MAX = 16;
const COOKIE_CHARACTERS_MAX = 1_024;
/** Names the Mailbox server to which the front end passes a request on. */
const SERVER_COOKIE = "x-backendoverridecookie";
/** A `set-cookie` field that follows another in the joined value: `, name=`. */
const NEXT_COOKIE = /,\s*(?=[\w!#$%&'*+.^`|~-]+=)/;
/** Name and value as RFC 6265 section 4.1.1 has them. */
const COOKIE_PAIR = /^([\w!#$%&'*+.^`|~-]+)=("?)[\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]*\2$/;

/**
 * Which server keeps the subscriptions of a group: a later request for one of them has to reach it
 * (Microsoft, "Maintain affinity between a group of subscriptions and the Mailbox server"). Cookies
 * of the answers say so: `X-BackEndOverrideCookie`, `exchangecookie`, those of load balancers.
 */
export class Affinity {
  readonly #anchor: string;
  readonly #cookies: Map<string, string>;

  /** `anchor`: address of the mailbox by which the first request finds its server. */
  constructor(anchor: string, cookies: ReadonlyMap<string, string> = new Map()) {
    this.#anchor = anchor;
    this.#cookies = new Map(cookies);
  }

  /** Header fields of a request that is to reach the server. */
  get headers(): Readonly<Record<string, string>> {
    const cookies = [...this.#cookies.values()].join("; ");
    return {
      ...anchorHeaders(this.#anchor),
      "x-preferserveraffinity": "true",
      ...(cookies === "" ? {} : { "cookie": cookies }),
    };
  }

  /** One that goes on from here and learns for itself. */
  copy(): Affinity {
    return new Affinity(this.#anchor, this.#cookies);
  }

  /** Remembers what an answer says; hostile fields are left out. */
  learn(headers: ReadonlyMap<string, string>): void {
    const field = headers.get("set-cookie");
    if (field === undefined) return;
    for (const cookie of field.split(NEXT_COOKIE)) {
      const pair = cookie.split(";", 1)[0]!.trim();
      const name = COOKIE_PAIR.exec(pair)?.[1]?.toLowerCase();
      if (name === undefined || pair.length > COOKIE_CHARACTERS_MAX) continue;
      if (this.#cookies.has(name) || this.#cookies.size < COOKIES_MAX) {
        this.#cookies.set(name, pair);
      }
    }
  }

  /** Whether both lead to the same server, as far as it has been said. */
  isSameServer(other: Affinity): boolean {
    return this.#cookies.get(SERVER_COOKIE) === other.#cookies.get(SERVER_COOKIE);
  }
}
