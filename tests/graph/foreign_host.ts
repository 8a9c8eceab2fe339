import type { ServerCertificate } from "../exchange/certificates.ts";
import type { HttpRequest } from "../exchange/http_reader.ts";
import { type HttpServer, serveHttp } from "../exchange/http_server.ts";

/** A host an attacker leads clients to. Disposing ends it. */
export interface ForeignHost extends AsyncDisposable {
  /** `https://localhost:port` */
  readonly origin: string;
  /** Every request that arrived. */
  readonly requests: readonly Pick<HttpRequest, "method" | "target" | "headers">[];
  /** Those that carried an `Authorization` field: tokens given away. */
  readonly leaked: number;
}

/** Listens on a loopback port and keeps what comes; it answers an empty collection. */
export function startForeignHost(certificate: ServerCertificate): ForeignHost {
  const requests: HttpRequest[] = [];
  const listener = Deno.listenTls({
    hostname: "127.0.0.1",
    port: 0,
    cert: certificate.certificatePem,
    key: certificate.keyPem,
  });
  const server: HttpServer = serveHttp({
    listener,
    accept: () => (request) => {
      requests.push(request);
      const headers = { "Content-Type": "application/json" };
      return Promise.resolve({ status: 200, headers, body: '{"value":[]}' });
    },
  });
  return {
    origin: `https://localhost:${server.port}`,
    requests,
    get leaked() {
      return requests.filter(({ headers }) => headers.has("authorization")).length;
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}
