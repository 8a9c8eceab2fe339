import { encodeResponse, WireReader, type WireRequest, writeAll } from "./http_wire.ts";
import { challengeMessage, type Expectation, refusalOf } from "./ntlm_verifier.ts";

/** How the server misbehaves; every switch may be turned while it runs. */
export interface Switches {
  /** Schemes of `WWW-Authenticate`; `NTLM` and `Negotiate` are challenged. */
  offers: readonly string[];
  /** Answers instead of a challenge: e.g. a 503 of something in front of Exchange. */
  instead: { readonly status: number; readonly body: string } | undefined;
  /** Closes the connection behind the challenge. */
  closesBetweenLegs: boolean;
  /** Answers this many requests on signed-in connections with 401. */
  forgetfulFor: number;
  /** Refuses this many sign-ins, right or wrong. */
  refusesFor: number;
  /** Holds the answer to AUTHENTICATE back until this resolves. */
  holdsSignIn: Promise<void> | undefined;
  /** Whether its challenges state the time. */
  statesTime: boolean;
}

/** Answers a request that is signed in; closes the connection when it resolves to false. */
export type Respond = (request: WireRequest, conn: Deno.Conn) => Promise<boolean>;

/** An Exchange front end as far as NTLM goes, and what it has seen. */
export class NtlmServer {
  readonly switches: Switches = {
    offers: ["Negotiate", "NTLM"],
    instead: undefined,
    closesBetweenLegs: false,
    forgetfulFor: 0,
    refusesFor: 0,
    holdsSignIn: undefined,
    statesTime: true,
  };
  /** Refusals with their reasons. */
  readonly refusals: string[] = [];
  /** Bodies of requests that were answered, with the number of their connection. */
  readonly answered: { readonly connection: number; readonly body: string }[] = [];
  /** `NTLM 1`, `NTLM 3`, `Negotiate 1` …: messages in the order they came. */
  readonly messages: string[] = [];
  connections = 0;
  /** AUTHENTICATE messages: what a domain controller counts. */
  logons = 0;
  /** The most AUTHENTICATE messages that waited for their answer at one time. */
  logonsAtOnce = 0;
  #logonsNow = 0;
  readonly #expected: Expectation;
  readonly #respond: Respond;

  constructor(expected: Expectation, respond: Respond = echo) {
    this.#expected = expected;
    this.#respond = respond;
  }

  /** Serves one connection: for `TestServer`. */
  readonly serve = async (conn: Deno.Conn): Promise<void> => {
    const number = this.connections++;
    const reader = new WireReader(conn);
    let negotiate: Uint8Array | undefined;
    let signedIn = false;
    for (;;) {
      const request = await reader.next();
      if (!request) return;
      const [scheme = "", token = ""] = (request.headers.get("authorization") ?? "").split(" ");
      const message = Uint8Array.fromBase64(token);
      const leg = message[8];
      if (leg !== undefined) this.messages.push(`${scheme} ${leg}`);
      if (leg === 1 && this.switches.offers.includes(scheme)) {
        negotiate = message;
        await this.#challenge(conn, scheme);
        if (this.switches.closesBetweenLegs) return;
        continue;
      }
      if (leg === 3 && negotiate) signedIn = await this.#judge(negotiate, message);
      if (!signedIn || (leg === undefined && this.#forgets())) {
        await this.#unauthorized(conn);
        signedIn = false;
        continue;
      }
      this.answered.push({ connection: number, body: request.body });
      if (!await this.#respond(request, conn)) return;
    }
  };

  async #challenge(conn: Deno.Conn, scheme: string): Promise<void> {
    const { instead } = this.switches;
    if (instead) return await writeAll(conn, encodeResponse(instead));
    const challenge = challengeMessage({ time: this.switches.statesTime });
    await this.#unauthorized(conn, `${scheme} ${challenge.toBase64()}`);
  }

  async #judge(negotiate: Uint8Array, authenticate: Uint8Array): Promise<boolean> {
    this.logons++;
    this.logonsAtOnce = Math.max(this.logonsAtOnce, ++this.#logonsNow);
    await this.switches.holdsSignIn;
    this.#logonsNow--;
    const challenge = challengeMessage({ time: this.switches.statesTime });
    const refusal = this.switches.refusesFor-- > 0
      ? "out of order"
      : refusalOf({ negotiate, challenge, authenticate }, this.#expected);
    if (refusal) this.refusals.push(refusal);
    return refusal === undefined;
  }

  #forgets(): boolean {
    return this.switches.forgetfulFor-- > 0;
  }

  async #unauthorized(conn: Deno.Conn, challenge?: string): Promise<void> {
    const offers = challenge ? [challenge] : this.switches.offers;
    const headers = offers.map((offer) => ["www-authenticate", offer] as const);
    await writeAll(conn, encodeResponse({ status: 401, headers, body: "Unauthorized" }));
  }
}

/** Answers with the body of the request. */
const echo: Respond = async (request, conn) => {
  await writeAll(conn, encodeResponse({ status: 200, body: request.body }));
  return true;
};
