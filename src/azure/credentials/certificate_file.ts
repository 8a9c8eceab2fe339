import { constants, createHash, createPrivateKey, type KeyObject, sign } from "node:crypto";
import { X509Certificate } from "node:crypto";
import type { Env } from "../../core/env.ts";
import type { SyncError } from "../../core/errors.ts";
import { Secret } from "../../core/secret.ts";
import { uuidOf } from "../uuid.ts";
import { credentialInvalid } from "./credential_error.ts";

/** A certificate with its key, as `AZURE_CLIENT_CERTIFICATE_PATH` names them. */
export interface CertificateWithKey {
  readonly privateKey: KeyObject;
  /** SHA-256 of the certificate. */
  readonly thumbprint: Uint8Array;
  /** The certificates of the file in DER, that of the application first. */
  readonly chain: readonly Uint8Array[];
}

const VARIABLE = "AZURE_CLIENT_CERTIFICATE_PATH";
const HINT =
  `Let ${VARIABLE} name a PEM file with the certificate and its RSA private key; a .pfx becomes ` +
  "one by openssl pkcs12 -in FILE.pfx -nodes -out FILE.pem";
const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g;
const PRIVATE_KEY =
  /-----BEGIN ((?:[A-Z]+ )?PRIVATE KEY)-----[^-]*(?:-(?!----END)[^-]*)*-----END \1-----/;

/**
 * Reads a PEM file of certificate and private key, encrypted or not. Throws a `SyncError` that repeats
 * nothing of it.
 */
export function certificateWithKeyOf(
  pem: string,
  password: string | undefined,
): CertificateWithKey {
  const [block] = PRIVATE_KEY.exec(pem) ?? [];
  if (block === undefined) throw invalid("it holds no private key in PEM form");
  const chain = [...pem.matchAll(CERTIFICATE)].map(([text]) => certificateOf(text));
  const privateKey = keyOf(block, password);
  const own = chain.find((certificate) => certificate.checkPrivateKey(privateKey)) ?? chain[0];
  if (!own) throw invalid("it holds no certificate in PEM form");
  const others = chain.filter((certificate) => certificate !== own);
  return {
    privateKey,
    thumbprint: createHash("sha256").update(own.raw).digest(),
    chain: [own, ...others].map(({ raw }) => raw),
  };
}

export interface AssertionOptions {
  readonly clientId: string;
  readonly tokenEndpoint: URL;
  /** `AZURE_CLIENT_SEND_CERTIFICATE_CHAIN`: for applications that trust a subject and an issuer. */
  readonly sendsChain: boolean;
  readonly env: Pick<Env, "clock" | "entropy">;
}

/** How long an assertion is good for, s; it is used at once. */
const ASSERTION_S = 600;

/** An assertion by which an application names itself, signed by its certificate (RFC 7523, PS256). */
export function assertionOf(
  { privateKey, thumbprint, chain }: CertificateWithKey,
  { clientId, tokenEndpoint, sendsChain, env }: AssertionOptions,
): Secret {
  const nowS = Math.floor(env.clock.now().getTime() / 1000);
  const header = {
    alg: "PS256",
    typ: "JWT",
    "x5t#S256": base64Url(thumbprint),
    ...(sendsChain ? { x5c: chain.map((der) => der.toBase64()) } : {}),
  };
  const claims = {
    aud: tokenEndpoint.href,
    iss: clientId,
    sub: clientId,
    jti: uuidOf(env.entropy),
    nbf: nowS,
    exp: nowS + ASSERTION_S,
  };
  const signed = [header, claims].map((part) =>
    base64Url(new TextEncoder().encode(JSON.stringify(part)))
  ).join(".");
  const signature = sign("sha256", new TextEncoder().encode(signed), {
    key: privateKey,
    padding: constants.RSA_PKCS1_PSS_PADDING,
    saltLength: 32,
  });
  return new Secret(`${signed}.${base64Url(signature)}`);
}

function certificateOf(pem: string): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch (cause) {
    throw invalid("one of its certificates cannot be read", { cause });
  }
}

function keyOf(block: string, passphrase: string | undefined): KeyObject {
  let key: KeyObject;
  try {
    key = createPrivateKey({ key: block, ...(passphrase === undefined ? {} : { passphrase }) });
  } catch {
    // What the runtime says of a malformed key could quote it.
    throw unreadableKey(block);
  }
  if (key.asymmetricKeyType !== "rsa") throw invalid("its private key is not an RSA key");
  return key;
}

function unreadableKey(block: string): SyncError {
  if (/^Proc-Type/m.test(block)) {
    return invalid("its private key is encrypted in an old form", {
      hint: "Replace its private key by what openssl pkcs8 -topk8 makes of it",
    });
  }
  return /ENCRYPTED/.test(block)
    ? invalid("its private key cannot be decrypted with AZURE_CLIENT_CERTIFICATE_PASSWORD", {
      hint: "Set AZURE_CLIENT_CERTIFICATE_PASSWORD to the password of the private key",
    })
    : invalid("its private key cannot be read");
}

function base64Url(bytes: Uint8Array): string {
  return new Uint8Array(bytes).toBase64({ alphabet: "base64url", omitPadding: true });
}

function invalid(
  reason: string,
  { hint = HINT, cause }: { readonly hint?: string; readonly cause?: unknown } = {},
): SyncError {
  return credentialInvalid(`The file of ${VARIABLE} cannot be used: ${reason}`, hint, cause);
}
