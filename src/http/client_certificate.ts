import { Buffer } from "node:buffer";
import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
import { SyncError } from "../core/errors.ts";
import { Secret } from "../core/secret.ts";

/** What a client signs its assertions with, and by what the authority knows the certificate. */
export interface ClientCertificate {
  /** PKCS#8 in PEM, RSA. */
  readonly privateKey: Secret;
  /** Hexadecimal digits; of SHA-1 there are 40, of SHA-256 there are 64. */
  readonly thumbprint: string;
  readonly thumbprintHash: "SHA-1" | "SHA-256";
}

const PRIVATE_KEY =
  /-----BEGIN ((?:[A-Z]+ )?PRIVATE KEY)-----([^-]*(?:-(?!----END)[^-]*)*)-----END \1-----/g;
const CERTIFICATE = /-----BEGIN CERTIFICATE-----([^-]*)-----END CERTIFICATE-----/g;
/** Less is refused by RS256 (RFC 7518 section 3.3). */
const RSA_BITS_MIN = 2048;

/**
 * Reads a configured private key: PEM with line ends that are real, escaped (`\n`) or lost, PKCS#8 or
 * PKCS#1, other PEM blocks such as the certificate beside it; and the thumbprint of the certificate,
 * with or without colons and spaces. Without one, the certificate beside the key is taken, by its
 * SHA-1, which AD FS knows, too.
 *
 * @throws SyncError of kind `fatal`, code `OauthKeyInvalid` or `OauthThumbprintInvalid`.
 */
export function clientCertificateOf(pem: Secret, thumbprint?: string): ClientCertificate {
  const text = pem.reveal().replace(/\\r|\\n/g, "\n");
  const privateKey = rsaKeyOf(keyBlockOf(text));
  const digits = (thumbprint ?? thumbprintBeside(text, privateKey)).replace(/[^0-9A-Za-z]/g, "")
    .toLowerCase();
  if (!/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(digits)) throw thumbprintInvalid();
  return {
    privateKey: new Secret(String(privateKey.export({ type: "pkcs8", format: "pem" }))),
    thumbprint: digits,
    thumbprintHash: digits.length === 40 ? "SHA-1" : "SHA-256",
  };
}

/** SHA-1 of the certificate in a text that belongs to the key in it. */
function thumbprintBeside(text: string, key: KeyObject): string {
  for (const [, body = ""] of text.matchAll(CERTIFICATE)) {
    const certificate = certificateOf(body);
    if (certificate?.checkPrivateKey(key)) return certificate.fingerprint;
  }
  throw new SyncError(
    "fatal",
    "OauthThumbprintInvalid",
    "There is no thumbprint of the OAuth client's certificate, and no certificate of the private " +
      "key beside it",
    { hint: THUMBPRINT_HINT },
  );
}

function certificateOf(body: string): X509Certificate | undefined {
  try {
    return new X509Certificate(Buffer.from(body, "base64"));
  } catch {
    return undefined;
  }
}

/** The one private key of a text, as a PEM block of its own with its line ends in place. */
function keyBlockOf(text: string): string {
  const [block, ...others] = text.matchAll(PRIVATE_KEY);
  const [, label = "", body = ""] = block ?? [];
  if (!block) throw keyInvalid("it holds no private key in PEM form");
  if (others.length > 0) throw keyInvalid("it holds more than one private key");
  if (label === "ENCRYPTED PRIVATE KEY" || /Proc-Type|ENCRYPTED/.test(body)) {
    throw keyInvalid(
      "it is encrypted",
      "Decrypt it with `openssl pkey -in FILE -out NEWFILE`, and protect the file instead",
    );
  }
  const lines = body.replace(/\s+/g, "").match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join("\n")}\n-----END ${label}-----\n`;
}

function rsaKeyOf(block: string): KeyObject {
  let key: KeyObject;
  try {
    key = createPrivateKey(block);
  } catch {
    // What the runtime says of a malformed key could quote it.
    throw keyInvalid("it cannot be read");
  }
  if (key.asymmetricKeyType !== "rsa") throw keyInvalid("it is not an RSA key");
  const bits = key.asymmetricKeyDetails?.modulusLength ?? RSA_BITS_MIN;
  if (bits < RSA_BITS_MIN) throw keyInvalid(`it has ${bits} bits; ${RSA_BITS_MIN} are needed`);
  return key;
}

const KEY_HINT =
  "Put the RSA private key of the certificate, in PEM form (PKCS#8 or PKCS#1), into " +
  "`auth_oauth_client_credential_private_key`";

const THUMBPRINT_HINT =
  "Put what `openssl x509 -in CERTIFICATE -noout -fingerprint -sha256` prints into " +
  "`auth_oauth_client_credential_thumbprint`";

function keyInvalid(reason: string, hint = KEY_HINT): SyncError {
  const message = `The private key of the OAuth client cannot be used: ${reason}`;
  return new SyncError("fatal", "OauthKeyInvalid", message, { hint });
}

function thumbprintInvalid(): SyncError {
  return new SyncError(
    "fatal",
    "OauthThumbprintInvalid",
    "The thumbprint of the OAuth client's certificate is neither SHA-1 nor SHA-256",
    { hint: THUMBPRINT_HINT },
  );
}
