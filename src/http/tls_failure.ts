import type { Diagnosis } from "./diagnosis.ts";
import { foreignText } from "./foreign_text.ts";
import { dayOf, describeIssue, describeNames, type PeerCertificate } from "./peer_certificate.ts";
import { OpensslFailure } from "./openssl/openssl_failure.ts";
import { opensslRefusalOf } from "./openssl_refusal.ts";
import type { ServerHello } from "./server_hello.ts";
import { refusalOf } from "./tls_refusal.ts";

/** What a look at the server without verification has shown; absent parts could not be seen. */
export interface TlsEvidence {
  readonly certificate?: PeerCertificate;
  /** How many certificates the server sends, its own included. */
  readonly certificatesSent?: number;
  readonly hello?: ServerHello;
}

/** A TLS handshake that failed, and what is known besides the runtime's words. */
export interface TlsCase {
  /** The name or address the certificate had to be for. */
  readonly host: string;
  /** False: a proxy or an authority, which no key `ews_ssl_…` of the config file is about. */
  readonly hasOwnSettings: boolean;
  /** Whether the configuration adds roots of its own. */
  readonly hasExtraRoots: boolean;
  readonly evidence: TlsEvidence;
}

type Finding = Omit<Diagnosis, "kind">;

/** What rustls and OpenSSL say, in the order in which it is recognised. */
const CERTIFICATE_FAILURES: readonly (readonly [RegExp, (failed: TlsCase) => Finding])[] = [
  [/UnknownIssuer|unable to (?:get|verify)|self-signed certificate/, unknownIssuer],
  [/CaUsedAsEndEntity/, () => ({
    code: "TlsCertificateOfAuthority",
    finding: "its certificate is that of an authority (CA:TRUE), which may not serve as one itself",
    hint: "Give the server a certificate without the CA flag, signed by an authority or by itself",
  })],
  [
    /not valid for name|NotValidForName|(?:hostname|IP address) mismatch/,
    ({ evidence: { certificate }, host }) => ({
      code: "TlsHostnameMismatch",
      finding: certificate
        ? `its certificate is for ${describeNames(certificate)}, not for "${foreignText(host)}"`
        : "its certificate is for another name",
      hint: "Address the server by a name in its certificate, or give it one for this name",
    }),
  ],
  [/certificate expired|Expired|certificate has expired/, ({ evidence: { certificate } }) => ({
    code: "TlsExpired",
    finding: "its certificate has expired" +
      (certificate?.validTo ? ` on ${dayOf(certificate.validTo)}` : ""),
    hint: "Renew the certificate of the server, or set the clock of this machine right",
  })],
  [/not valid yet|NotValidYet|certificate is not yet valid/, ({ evidence: { certificate } }) => ({
    code: "TlsNotYetValid",
    finding: "its certificate is not valid yet" +
      (certificate?.validFrom ? `, but from ${dayOf(certificate.validFrom)} on` : ""),
    hint: "Set the clock of this machine right, or give the server a certificate that is valid",
  })],
  [/UnsupportedCertVersion/, () => ({
    code: "TlsCertificateInvalid",
    finding: "its certificate is of X.509 version 1, which is accepted no more",
    hint: "Give the server a certificate of X.509 version 3",
  })],
  [/UnsupportedSignatureAlgorithm/, () => ({
    code: "TlsCertificateInvalid",
    finding: "its certificate is signed in a way that is accepted no more, such as SHA-1",
    hint: "Give the server a certificate that is signed with SHA-256 or better",
  })],
  [/BadSignature/, () => ({
    code: "TlsCertificateInvalid",
    finding: "the signature of its certificate is wrong, or made with an RSA key below 2048 bits",
    hint: "Give the server a certificate with an RSA key of at least 2048 bits",
  })],
  [/(?:certificate|algorithm|key) too (?:weak|small)|ca md too weak/, () => ({
    code: "TlsCertificateInvalid",
    finding: "a key or signature of its certificates is too weak for the security level",
    hint: "Give the server a certificate with RSA 2048 and SHA-256 or better, or end " +
      '`ews_ssl_ciphers` with ":@SECLEVEL=0"',
  })],
  [/invalid peer certificate|certificate verify failed/, () => ({
    code: "TlsCertificateInvalid",
    finding: "its certificate cannot be accepted",
    hint: "Give the server a well-formed certificate with a current signature algorithm",
  })],
];

/** Whether a handshake failed for the certificate that the server showed. */
export function isCertificateFailure(cause: Error | undefined): boolean {
  return CERTIFICATE_FAILURES.some(([pattern]) => pattern.test(cause?.message ?? ""));
}

/**
 * Why a TLS handshake failed with `cause`, which is absent where the peer just closed. Undefined
 * for what is no matter of TLS. What does not pass by itself is of kind `mailbox`, which suspends
 * and is probed again.
 */
export function tlsDiagnosisOf(cause: Error | undefined, failed: TlsCase): Diagnosis | undefined {
  const text = foreignText(cause?.message ?? "");
  const certificateFailure = CERTIFICATE_FAILURES.find(([pattern]) => pattern.test(text))?.[1];
  if (!certificateFailure) {
    return cause instanceof OpensslFailure
      ? opensslRefusalOf(cause, failed.evidence.hello)
      : refusalOf(cause, failed.evidence.hello, failed.hasOwnSettings);
  }
  const { certificate } = failed.evidence;
  const { code, finding, hint } = certificateFailure(failed);
  const issue = certificate ? `; ${describeIssue(certificate)}` : "";
  return { kind: "mailbox", code, finding: `${finding} (${text})${issue}`, hint };
}

const INSPECTED = "; if that is a device that inspects TLS, exempt this host from it, since " +
  "sign-in with channel binding does not work through it";

/**
 * Whether only an intermediate certificate is missing cannot be seen from here: it is likely where
 * roots are configured and the server sends its own certificate alone.
 */
function unknownIssuer({ hasOwnSettings, hasExtraRoots, evidence }: TlsCase): Finding {
  const place = hasOwnSettings
    ? "`ews_ssl_ca_file`"
    : "the roots of this system (or `SSL_CERT_FILE`)";
  if (evidence.certificate?.selfSigned) {
    return {
      code: "TlsSelfSigned",
      finding: "its certificate is signed by itself and not trusted here",
      hint: `Put that certificate into ${place}, or give the server one of an authority`,
    };
  }
  const sentAlone = evidence.certificatesSent === 1;
  if (sentAlone && hasExtraRoots) {
    return {
      code: "TlsChainIncomplete",
      finding: "no authority that is trusted here signed its certificate, which it sends alone",
      hint: "Let the server send the intermediate certificates, too, or put them into the file " +
        `of ${place}; or that file holds the wrong root`,
    };
  }
  return {
    code: "TlsUntrusted",
    finding: "its certificate is signed by no authority that is trusted here",
    hint: `Put the certificate of the authority that signed it into ${place}` +
      (sentAlone ? "; the server sends no intermediate certificate, which may be missing" : "") +
      (hasOwnSettings ? INSPECTED : ""),
  };
}
