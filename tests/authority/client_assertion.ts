import { Buffer } from "node:buffer";
import { constants, verify, X509Certificate } from "node:crypto";

/** What an authority knows of the client whose assertion it judges. */
export interface AssertionContext {
  readonly assertion: string;
  readonly clientId: string;
  /** What the assertion must be for. */
  readonly tokenEndpoint: string;
  /** Registered certificates in PEM. */
  readonly certificates: readonly string[];
  readonly now: Date;
  /** Ids of assertions seen before; this one's is added. */
  readonly seen: Set<string>;
}

interface Jwt {
  readonly header: Readonly<Record<string, unknown>>;
  readonly claims: Readonly<Record<string, unknown>>;
  readonly signed: Buffer;
  readonly signature: Buffer;
}

const TOLERANCE_S = 300;

/**
 * The number of Microsoft's error for a client assertion (RFC 7523) that is not in order; nothing if
 * it is. RS256 goes with the SHA-1 thumbprint, PS256 with that of SHA-256, as Entra ID has it.
 */
export function refusalOfAssertion(context: AssertionContext): number | undefined {
  const jwt = decode(context.assertion);
  if (!jwt) return 50027;
  const certificate = registered(jwt, context);
  if (!certificate || !isSignedBy(jwt, certificate)) return 700027;
  if (certificate.validToDate < context.now) return 1000502;
  const { claims } = jwt;
  if (claims.iss !== context.clientId || claims.sub !== context.clientId) return 700021;
  if (claims.aud !== context.tokenEndpoint) return 700023;
  if (!isInTime(claims, context.now)) return 700024;
  const id = String(claims.jti ?? "");
  if (id === "" || context.seen.has(id)) return 50027;
  context.seen.add(id);
  return undefined;
}

function decode(assertion: string): Jwt | undefined {
  const [header = "", claims = "", signature = "", ...more] = assertion.split(".");
  if (signature === "" || more.length > 0) return undefined;
  try {
    return {
      header: JSON.parse(Buffer.from(header, "base64url").toString()),
      claims: JSON.parse(Buffer.from(claims, "base64url").toString()),
      signed: Buffer.from(`${header}.${claims}`),
      signature: Buffer.from(signature, "base64url"),
    };
  } catch {
    return undefined;
  }
}

function registered(
  { header }: Jwt,
  { certificates }: AssertionContext,
): X509Certificate | undefined {
  return certificates.map((pem) => new X509Certificate(pem)).find((certificate) =>
    header.alg === "RS256"
      ? header.x5t === thumbprint(certificate.fingerprint)
      : header["x5t#S256"] === thumbprint(certificate.fingerprint256)
  );
}

function thumbprint(fingerprint: string): string {
  return Buffer.from(fingerprint.replaceAll(":", ""), "hex").toString("base64url");
}

function isSignedBy({ header, signed, signature }: Jwt, { publicKey }: X509Certificate): boolean {
  if (header.alg === "RS256") return verify("sha256", signed, publicKey, signature);
  if (header.alg !== "PS256") return false;
  const padding = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 };
  return verify("sha256", signed, { key: publicKey, ...padding }, signature);
}

function isInTime({ nbf, exp }: Jwt["claims"], now: Date): boolean {
  const seconds = now.getTime() / 1000;
  return typeof nbf === "number" && typeof exp === "number" && exp > nbf &&
    exp - nbf <= 24 * 3600 && nbf - TOLERANCE_S <= seconds && seconds <= exp + TOLERANCE_S;
}
