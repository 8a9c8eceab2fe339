import { encodeResponse, WireReader, writeAll } from "./http_wire.ts";

/** An Exchange front end as far as Basic goes, and what it has seen. */
export class BasicServer {
  /** `user:password` in UTF-8; replaced to change the password. */
  credentials: string;
  /** Value of `WWW-Authenticate`. */
  offer = 'Negotiate, Basic realm="exchange"';
  /** Answers instead, whatever the credentials: e.g. a 503 of something in front of Exchange. */
  instead: { readonly status: number } | undefined;
  /** Holds answers back until this resolves. */
  holds: Promise<void> | undefined;
  /** Bodies of requests that were answered. */
  readonly answered: string[] = [];
  connections = 0;
  /** Requests that came with credentials, and how many of these were wrong. */
  logons = 0;
  refusals = 0;

  constructor(credentials: string) {
    this.credentials = credentials;
  }

  /** Serves one connection: for `TestServer`. Answers with the body of the request. */
  readonly serve = async (conn: Deno.Conn): Promise<void> => {
    this.connections++;
    const reader = new WireReader(conn);
    for (let request = await reader.next(); request; request = await reader.next()) {
      const isRight = this.#isRight(request.headers.get("authorization"));
      await this.holds;
      if (this.instead) {
        await writeAll(conn, encodeResponse(this.instead));
      } else if (isRight) {
        this.answered.push(request.body);
        await writeAll(conn, encodeResponse({ status: 200, body: request.body }));
      } else {
        const headers = [["www-authenticate", this.offer]] as const;
        await writeAll(conn, encodeResponse({ status: 401, headers }));
      }
    }
  };

  #isRight(field: string | undefined): boolean {
    const [, token] = /^Basic (\S+)$/.exec(field ?? "") ?? [];
    if (token === undefined) return false;
    this.logons++;
    const isRight = new TextDecoder().decode(Uint8Array.fromBase64(token)) === this.credentials;
    if (!isRight) this.refusals++;
    return isRight;
  }
}
