import { encodeResponse, WireReader, writeAll } from "./http_wire.ts";

/** An Exchange front end as far as bearer tokens go, and what it has seen. */
export class BearerServer {
  /** Bodies of requests that were answered. */
  readonly answered: string[] = [];
  /** The token of every request that came, refused or not. */
  readonly tokens: string[] = [];
  connections = 0;
  /** Answers with 401 whatever the token. */
  refusesAll = false;
  readonly #isAccepted: (token: string) => boolean;

  constructor(isAccepted: (token: string) => boolean) {
    this.#isAccepted = isAccepted;
  }

  /** How many requests were refused. */
  get refusals(): number {
    return this.tokens.length - this.answered.length;
  }

  /** Serves one connection: for `TestServer`. Answers with the body of the request. */
  readonly serve = async (conn: Deno.Conn): Promise<void> => {
    this.connections++;
    const reader = new WireReader(conn);
    for (let request = await reader.next(); request; request = await reader.next()) {
      const [, token = ""] = /^Bearer (.+)$/.exec(request.headers.get("authorization") ?? "") ?? [];
      this.tokens.push(token);
      if (this.refusesAll || !this.#isAccepted(token)) {
        await writeAll(conn, encodeResponse(REFUSAL));
        continue;
      }
      this.answered.push(request.body);
      await writeAll(conn, encodeResponse({ status: 200, body: request.body }));
    }
  };
}

const REFUSAL = {
  status: 401,
  headers: [
    ["www-authenticate", 'Bearer client_id="00000002-0000-0ff1-ce00-000000000000"'],
    ["x-ms-diagnostics", '2000002;reason="The token has expired.";error_category="invalid_token"'],
  ],
  body: "Unauthorized",
} as const;
