import type { Clock } from "../../src/core/env.ts";
import { serverCertificate } from "../exchange/certificates.ts";
import type { HttpRequest } from "../exchange/http_reader.ts";
import { type HttpAnswer, type HttpServer, serveHttp } from "../exchange/http_server.ts";
import { WALL_CLOCK } from "../exchange/wall_clock.ts";
import { json, refusal } from "./authority_answers.ts";
import { refusalOfAssertion } from "./client_assertion.ts";

export interface SimulatedAuthorityOptions {
  readonly clock?: Clock;
  /** 0, the default: one that is free. Always on the loopback interface. */
  readonly port?: number;
  /** What stands for the tenant in the URL; `adfs`: the paths of AD FS. */
  readonly tenant?: string;
  /** Services for which tokens are issued: scopes without `/.default`. */
  readonly resources?: readonly string[];
}

/** A request as it came. */
export interface AuthorityRequest {
  readonly path: string;
  /** Of the form; none for metadata. */
  readonly fields: ReadonlyMap<string, string>;
}

/** What a token is worth. */
export type TokenVerdict = "accepted" | "unknown" | "expired" | "revoked";

/** Answers in place of the authority; nothing: it answers itself. */
export type AuthorityFault = (
  request: AuthorityRequest,
) => HttpAnswer | Promise<HttpAnswer> | undefined;

/** A running authority. Disposing ends it. */
export interface SimulatedAuthority extends AsyncDisposable {
  /** What a client is configured with, without a final slash. */
  readonly url: URL;
  /** The CA to trust. */
  readonly caPem: string;
  readonly clientId: string;
  /** The client secret; replaced to rotate it. */
  secret: string;
  /** Registered certificates in PEM. */
  certificates: readonly string[];
  /** Lifetime of what is issued from now on, seconds. */
  lifetimeS: number;
  /** For requests for a token, and for those for metadata. */
  fault: AuthorityFault | undefined;
  metadataFault: AuthorityFault | undefined;
  /** Every request for a token. */
  readonly requests: readonly AuthorityRequest[];
  /** How many of them were refused, as sign-in logs count them. */
  readonly refusedLogons: number;
  /** How often its metadata was read. */
  readonly metadataReads: number;
  /** From now on no token issued so far is worth anything. */
  revokeTokens(): void;
  judge(token: string): TokenVerdict;
  /** The service a token was issued for: its scope without `/.default`. */
  audienceOf(token: string): string | undefined;
}

/** Starts an OAuth authority on a loopback port over TLS, with one registered application. */
export async function startSimulatedAuthority(
  options: SimulatedAuthorityOptions = {},
): Promise<SimulatedAuthority> {
  const certificate = await serverCertificate(new Date());
  const listener = Deno.listenTls({
    hostname: "127.0.0.1",
    port: options.port ?? 0,
    cert: certificate.certificatePem,
    key: certificate.keyPem,
  });
  return new RunningAuthority(listener, certificate.caPem, options);
}

interface Issued {
  readonly audience: string;
  readonly expiresMs: number;
  revoked: boolean;
}

class RunningAuthority implements SimulatedAuthority {
  readonly url: URL;
  readonly clientId = "5f3d7c1e-0000-4000-8000-000000000001";
  secret = "s3cret~of+the/client";
  certificates: readonly string[] = [];
  lifetimeS = 3600;
  fault: AuthorityFault | undefined;
  metadataFault: AuthorityFault | undefined;
  readonly requests: AuthorityRequest[] = [];
  refusedLogons = 0;
  metadataReads = 0;
  readonly #clock: Clock;
  readonly #tenant: string;
  readonly #resources: readonly string[] | undefined;
  readonly #issued = new Map<string, Issued>();
  readonly #assertions = new Set<string>();
  readonly #server: HttpServer;

  constructor(
    listener: Deno.Listener,
    readonly caPem: string,
    { clock, tenant, resources }: SimulatedAuthorityOptions,
  ) {
    this.#clock = clock ?? WALL_CLOCK;
    this.#tenant = tenant ?? "contoso.example";
    this.#resources = resources;
    this.#server = serveHttp({ listener, accept: () => (request) => this.#answer(request) });
    this.url = new URL(`https://localhost:${this.#server.port}/${this.#tenant}`);
  }

  revokeTokens(): void {
    for (const issued of this.#issued.values()) issued.revoked = true;
  }

  judge(token: string): TokenVerdict {
    const issued = this.#issued.get(token);
    if (!issued) return "unknown";
    if (issued.revoked) return "revoked";
    return this.#clock.now().getTime() < issued.expiresMs ? "accepted" : "expired";
  }

  audienceOf(token: string): string | undefined {
    return this.#issued.get(token)?.audience;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server[Symbol.asyncDispose]();
  }

  get #isAdfs(): boolean {
    return this.#tenant === "adfs";
  }

  get #tokenPath(): string {
    return this.#isAdfs ? "/adfs/oauth2/token" : `/${this.#tenant}/oauth2/v2.0/token`;
  }

  async #answer(request: HttpRequest): Promise<HttpAnswer> {
    const asked = authorityRequestOf(request);
    const answer = request.method === "POST"
      ? await this.#answerCounted(asked)
      : await this.metadataFault?.(asked) ?? this.#answerMetadata(asked);
    return { ...answer, headers: { "Date": this.#clock.now().toUTCString(), ...answer.headers } };
  }

  async #answerCounted(request: AuthorityRequest): Promise<HttpAnswer> {
    this.requests.push(request);
    const answer = await this.fault?.(request) ?? this.#answerTokenRequest(request);
    if (answer.status === 400 || answer.status === 401) this.refusedLogons++;
    return answer;
  }

  #answerMetadata({ path }: AuthorityRequest): HttpAnswer {
    const version = this.#isAdfs ? "" : "/v2.0";
    if (path !== `/${this.#tenant}${version}/.well-known/openid-configuration`) {
      return { status: 404, headers: {}, body: "Not found" };
    }
    this.metadataReads++;
    const { origin, href } = this.url;
    return json(200, {
      issuer: `${href}${version}`,
      authorization_endpoint: `${href}/oauth2${version}/authorize`,
      token_endpoint: `${origin}${this.#tokenPath}`,
      jwks_uri: `${href}/discovery/keys`,
    });
  }

  #answerTokenRequest(request: AuthorityRequest): HttpAnswer {
    const number = this.#refusalOf(request);
    if (number !== undefined) return refusal(number);
    const token = `token.${this.#issued.size + 1}.${crypto.randomUUID()}`;
    const expiresMs = this.#clock.now().getTime() + this.lifetimeS * 1000;
    const audience = resourceOf(request) ?? "";
    this.#issued.set(token, { audience, expiresMs, revoked: false });
    return json(200, {
      token_type: "Bearer",
      expires_in: this.lifetimeS,
      ext_expires_in: this.lifetimeS,
      access_token: token,
    });
  }

  /** The number of the error, nothing if the request is in order. */
  #refusalOf(request: AuthorityRequest): number | undefined {
    const { path, fields } = request;
    if (path !== this.#tokenPath) return 90002;
    if (fields.get("grant_type") !== "client_credentials") return 70003;
    if (fields.get("client_id") !== this.clientId) return 700016;
    const resource = resourceOf(request);
    if (resource === undefined) return 1002012;
    if (this.#resources && !this.#resources.includes(resource)) return 500011;
    return this.#refusalOfCredential(fields);
  }

  #refusalOfCredential(fields: ReadonlyMap<string, string>): number | undefined {
    const secret = fields.get("client_secret");
    const assertion = fields.get("client_assertion");
    if ((secret === undefined) === (assertion === undefined)) return 7000218;
    if (assertion === undefined) return secret === this.secret ? undefined : 7000215;
    const type = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
    if (fields.get("client_assertion_type") !== type) return 50027;
    return refusalOfAssertion({
      assertion,
      clientId: this.clientId,
      tokenEndpoint: `${this.url.origin}${this.#tokenPath}`,
      certificates: this.certificates,
      now: this.#clock.now(),
      seen: this.#assertions,
    });
  }
}

/** A form that is not sent as one has no fields. */
function authorityRequestOf({ target, headers, body }: HttpRequest): AuthorityRequest {
  const isForm = /^application\/x-www-form-urlencoded\b/i.test(headers.get("content-type") ?? "");
  const form = new URLSearchParams(isForm ? new TextDecoder().decode(body) : "");
  const [path = ""] = target.split("?");
  return { path, fields: new Map(form) };
}

function resourceOf({ fields }: AuthorityRequest): string | undefined {
  return /^(\S+)\/\.default$/.exec(fields.get("scope") ?? "")?.[1];
}
