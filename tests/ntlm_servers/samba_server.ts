import type { DebianPackages } from "../../scripts/debian_packages.ts";
import type { CertificateWithKey } from "../../src/http/testing/certificates.ts";
import { encodeResponse, WireReader, writeAll } from "../../src/http/testing/http_wire.ts";
import { TestServer } from "../../src/http/testing/test_server.ts";
import { NtlmAuth } from "./ntlm_auth.ts";

export interface SambaServerOptions {
  readonly packages: DebianPackages;
  /** That of every user. */
  readonly password: string;
  /** Absent: plain http. */
  readonly certificate?: CertificateWithKey;
  /** NetBIOS name; default `EXCH01`. */
  readonly computer?: string;
  /** Default true. */
  readonly statesTime?: boolean;
  /** Makes another CHALLENGE of each before it is sent. */
  readonly tamper?: (challenge: Uint8Array) => Uint8Array;
}

/**
 * An HTTP server whose sign-ins Samba verifies: as tolerant as IIS, with users of any name. What
 * gets through is answered with its own body.
 */
export class SambaServer implements AsyncDisposable {
  /** Users that signed in, and NT statuses of refusals, in order. */
  readonly logons: string[] = [];
  /** Bodies of requests that got through, with the number of their connection. */
  readonly served: { readonly connection: number; readonly body: string }[] = [];
  /** AUTHENTICATE messages as they came. */
  readonly authenticates: Uint8Array[] = [];
  connections = 0;
  /** Closes a connection instead of answering this kind of request, once. */
  closesAt: "AUTHENTICATE" | "request" | undefined;
  readonly #options: SambaServerOptions;
  readonly #folder: string;
  readonly #server: TestServer;

  private constructor(options: SambaServerOptions, folder: string) {
    this.#options = options;
    this.#folder = folder;
    this.#server = new TestServer((conn) => this.#serve(conn), options.certificate);
  }

  static async start(options: SambaServerOptions): Promise<SambaServer> {
    return new SambaServer(options, await Deno.makeTempDir({ prefix: "samba-" }));
  }

  get url(): URL {
    return this.#server.url("/EWS/Exchange.asmx");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server[Symbol.asyncDispose]();
    await Deno.remove(this.#folder, { recursive: true });
  }

  async #serve(conn: Deno.Conn): Promise<void> {
    const connection = this.connections++;
    await using ntlm = await NtlmAuth.start({
      computer: "EXCH01",
      statesTime: true,
      ...this.#options,
      folder: this.#folder,
    });
    const reader = new WireReader(conn);
    let signedIn = false;
    for (let request = await reader.next(); request; request = await reader.next()) {
      const [scheme, token] = request.headers.get("authorization")?.split(" ") ?? [];
      if (this.#closes(token)) return;
      if (token !== undefined) {
        const verdict = await this.#take(ntlm, token);
        signedIn = "user" in verdict;
        if ("challenge" in verdict) {
          await writeAll(conn, unauthorized(`${scheme} ${verdict.challenge}`));
          continue;
        }
      }
      if (signedIn) this.served.push({ connection, body: request.body });
      const { body } = request;
      await writeAll(conn, signedIn ? encodeResponse({ status: 200, body }) : unauthorized());
    }
  }

  #closes(token: string | undefined): boolean {
    const kind = token === undefined ? "request" : messageKind(token);
    if (kind !== this.closesAt) return false;
    this.closesAt = undefined;
    return true;
  }

  async #take(ntlm: NtlmAuth, token: string) {
    const message = Uint8Array.fromBase64(token);
    const verdict = await ntlm.take(token);
    if ("challenge" in verdict) {
      const challenge = Uint8Array.fromBase64(verdict.challenge);
      const { tamper = (same: Uint8Array) => same } = this.#options;
      return { challenge: tamper(challenge).toBase64() };
    }
    this.authenticates.push(message);
    this.logons.push("user" in verdict ? verdict.user : verdict.refused);
    return verdict;
  }
}

function messageKind(token: string): "NEGOTIATE" | "AUTHENTICATE" {
  return Uint8Array.fromBase64(token)[8] === 1 ? "NEGOTIATE" : "AUTHENTICATE";
}

function unauthorized(...offers: readonly string[]): Uint8Array {
  const headers = (offers.length > 0 ? offers : ["Negotiate", "NTLM"])
    .map((offer) => ["www-authenticate", offer] as const);
  return encodeResponse({ status: 401, headers: [...headers, ["server", "Microsoft-IIS/10.0"]] });
}
