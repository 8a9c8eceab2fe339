import { refusalOfAssertion } from "../authority/client_assertion.ts";
import { type CertificateOptions, serverCertificate } from "../exchange/certificates.ts";
import type { HttpRequest } from "../exchange/http_reader.ts";
import { type HttpAnswer, serveHttp } from "../exchange/http_server.ts";

/**
 * Microsoft Entra ID and the token services of machines, on loopback: they issue what the emulator takes
 * for an access token, to whoever proves itself.
 */
export interface IdentityServices extends AsyncDisposable {
  /** `AZURE_AUTHORITY_HOST`; over TLS. */
  readonly authority: URL;
  /** The CA to trust for it. */
  readonly caPem: string;
  /** Of the server certificate, for others on this machine. */
  readonly certificatePem: string;
  readonly keyPem: string;
  /** In place of the Instance Metadata Service; http. */
  readonly metadata: URL;
  readonly tenantId: string;
  readonly clientId: string;
  readonly secret: string;
  /** What the cluster vouches with; replaced to rotate it. */
  federatedToken: string;
  readonly identityHeader: string;
  /** Lifetime of what is issued from now on, seconds. */
  lifetimeS: number;
  /** The service that it is for. */
  audience: string;
  /** Registered certificates in PEM. */
  certificates: readonly string[];
  /** Answered in place of a token, if it is there. */
  fault: (() => HttpAnswer | undefined) | undefined;
  /** What was asked for, as `secret`, `certificate`, `federated`, `virtual machine`, `app`. */
  readonly issued: readonly string[];
  /** Requests for a token, whatever came of them. */
  readonly asked: number;
  /** An access token as somebody with all rights has it. */
  token(): string;
}

/** The object id of everybody that signs in here. */
const OBJECT_ID = "6f1f9d7e-0000-4000-8000-000000000001";
const RESOURCE = "https://storage.azure.com";
/** Azure forgives clocks so much, and requests that were under way; the emulator nothing. */
const TOLERANCE_S = 300;

export async function startIdentityServices(
  options: CertificateOptions = {},
): Promise<IdentityServices> {
  const certificate = await serverCertificate(new Date(), options);
  const { certificatePem: cert, keyPem: key } = certificate;
  const local = { hostname: "127.0.0.1", port: 0 };
  const secure = Deno.listenTls({ ...local, cert, key });
  return new RunningServices(secure, Deno.listen(local), certificate);
}

class RunningServices implements IdentityServices {
  readonly authority: URL;
  readonly caPem: string;
  readonly certificatePem: string;
  readonly keyPem: string;
  readonly metadata: URL;
  readonly tenantId = "11111111-2222-4333-8444-555555555555";
  readonly clientId = "5f3d7c1e-0000-4000-8000-000000000001";
  readonly secret = "s3cret~of+the/client";
  federatedToken = "header.of-the-cluster.signature";
  readonly identityHeader = "s3cret-of-the-app";
  lifetimeS = 3600;
  audience = RESOURCE;
  certificates: readonly string[] = [];
  fault: IdentityServices["fault"];
  readonly issued: string[] = [];
  asked = 0;
  readonly #servers = new AsyncDisposableStack();
  readonly #assertions = new Set<string>();

  constructor(
    secure: Deno.Listener,
    plain: Deno.Listener,
    certificate: Pick<IdentityServices, "caPem" | "certificatePem" | "keyPem">,
  ) {
    ({ caPem: this.caPem, certificatePem: this.certificatePem, keyPem: this.keyPem } = certificate);
    const answer = (request: HttpRequest) => Promise.resolve(this.#answer(request));
    const authority = this.#servers.use(serveHttp({ listener: secure, accept: () => answer }));
    const metadata = this.#servers.use(serveHttp({ listener: plain, accept: () => answer }));
    this.authority = new URL(`https://localhost:${authority.port}`);
    this.metadata = new URL(`http://127.0.0.1:${metadata.port}`);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#servers.disposeAsync();
  }

  token(): string {
    const nowS = Math.floor(Date.now() / 1000);
    const claims = {
      aud: this.audience,
      iss: `https://sts.windows.net/${this.tenantId}/`,
      oid: OBJECT_ID,
      iat: nowS,
      nbf: nowS - 1,
      exp: this.#endS() + TOLERANCE_S,
      jti: crypto.randomUUID(),
    };
    const parts = [{ alg: "none", typ: "JWT" }, claims].map((part) =>
      new TextEncoder().encode(JSON.stringify(part))
        .toBase64({ alphabet: "base64url", omitPadding: true })
    );
    return `${parts.join(".")}.c2ln`;
  }

  /** Not before the lifetime that is told is over. */
  #endS(): number {
    return Math.ceil(Date.now() / 1000 + this.lifetimeS);
  }

  #answer(request: HttpRequest): HttpAnswer {
    this.asked++;
    const proof = this.#proofOf(request);
    const fault = this.fault?.();
    if (fault) return fault;
    if (typeof proof === "number") {
      const text = `AADSTS${proof}: no. Trace ID: x`;
      return json(401, { error: "invalid_client", error_description: text, error_codes: [proof] });
    }
    if (proof === undefined) return json(400, { error: "invalid_request" });
    this.issued.push(proof);
    const isAuthority = request.method === "POST";
    return json(200, {
      token_type: "Bearer",
      access_token: this.token(),
      ...(isAuthority ? { expires_in: this.lifetimeS } : { expires_on: String(this.#endS()) }),
    });
  }

  /** How whoever asks has proved itself; the number of Microsoft's error; nothing for nonsense. */
  #proofOf(request: HttpRequest): string | number | undefined {
    const url = new URL(request.target, this.metadata);
    if (request.method === "POST") return this.#proofOfApplication(url, request);
    const { searchParams: query } = url;
    if (query.get("resource") !== RESOURCE) return undefined;
    const isOurs = [null, this.clientId].includes(query.get("client_id"));
    if (!isOurs) return undefined;
    if (url.pathname === "/msi/token" && query.get("api-version") === "2019-08-01") {
      return request.headers.get("x-identity-header") === this.identityHeader ? "app" : undefined;
    }
    const isMetadata = url.pathname === "/metadata/identity/oauth2/token" &&
      query.get("api-version") === "2018-02-01" && request.headers.get("metadata") === "true";
    return isMetadata ? "virtual machine" : undefined;
  }

  #proofOfApplication(url: URL, { body }: HttpRequest): string | number {
    const form = new URLSearchParams(new TextDecoder().decode(body));
    if (url.pathname !== `/${this.tenantId}/oauth2/v2.0/token`) return 90002;
    if (form.get("client_id") !== this.clientId) return 700016;
    if (form.get("scope") !== `${RESOURCE}/.default`) return 500011;
    const secret = form.get("client_secret");
    if (secret !== null) return secret === this.secret ? "secret" : 7000215;
    const assertion = form.get("client_assertion") ?? "";
    if (assertion === this.federatedToken) return "federated";
    return refusalOfAssertion({
      assertion,
      clientId: this.clientId,
      tokenEndpoint: new URL(url.pathname, this.authority).href,
      certificates: this.certificates,
      now: new Date(),
      seen: this.#assertions,
    }) ?? "certificate";
  }
}

function json(status: number, body: unknown): HttpAnswer {
  return {
    status,
    headers: { "Content-Type": "application/json", "Date": new Date().toUTCString() },
    body: JSON.stringify(body),
  };
}
