import { z } from "zod";
import { Secret } from "../core/secret.ts";
import { isMailboxAddress, isMailDomain } from "./mail_address.ts";
import { TIMESTAMP_ALLOWED, timestampOf } from "./timestamp.ts";
import { secureUrlOf, webUrlOf } from "./web_url.ts";

/** One key of the config file (spec section 2). `null` and absence are the reader's business. */
export interface KeyRule<T> {
  readonly schema: z.ZodType<T>;
  /** What is allowed, completing "must be". */
  readonly allowed: string;
  readonly fallback?: T;
  /**
   * How messages and `config show` treat its value: `secret` is masked, `url` loses credentials,
   * `list` is shown element by element, `nested` is an object with keys of its own and not shown
   * itself.
   */
  readonly shown?: "secret" | "url" | "list" | "nested";
}

export type KeyRules = Readonly<Record<string, KeyRule<unknown>>>;
export type JsonObject = Readonly<Record<string, unknown>>;

/** Top-level keys. Rules between keys are in `exchange_config.ts`. */
export const CONFIG_KEYS = {
  ews_endpoint: url(webUrlOf, "a full http or https URL such as https://HOST/EWS/Exchange.asmx"),
  host: { ...text("a host name or address, with or without https://"), shown: "url" },
  port: wholeNumber(1, 65_535),
  auth_type: oneOf("ntlm", "oauth2", "basic"),
  auth_user: decoded(
    (text) => SIGN_IN_NAME.test(text) ? text : undefined,
    "user@domain, DOMAIN\\user or user (in JSON, a backslash is written twice)",
  ),
  auth_password: secret((text) => text !== "", "text that is not empty"),
  auth_oauth_authority: url(secureUrlOf, "an https URL such as https://login.example.com/TENANT"),
  auth_oauth_client_id: text("text that is not empty"),
  auth_oauth_client_secret: secret((text) => text !== "", "text that is not empty"),
  auth_oauth_client_credential_private_key: secret(
    (text) => PEM_PRIVATE_KEY.test(text),
    "a private key in PEM form, line ends real or written \\n",
  ),
  auth_oauth_client_credential_thumbprint: decoded(
    thumbprintOf,
    "the SHA-1 or SHA-256 of the certificate in 40 or 64 hex digits, colons allowed",
  ),
  auth_oauth_scope: text("text that is not empty"),
  access_type: withFallback(oneOf("delegate", "impersonation"), "delegate"),
  microsoft_api: withFallback(oneOf("ews", "graph"), "ews"),
  graph_endpoint: url(secureUrlOf, "an https URL such as https://graph.microsoft.com"),
  ews_ssl_verify: withFallback(flag(), true),
  // What the list means is for OpenSSL to say.
  ews_ssl_ciphers: decoded(
    (text) => CIPHER_LIST.test(text) ? text : undefined,
    "an OpenSSL cipher list such as ECDHE-RSA-AES256-SHA384:@SECLEVEL=1",
  ),
  ews_ssl_ca_file: text("the path of a PEM file"),
  // A pause below a tenth of a second would ask an idle server without end.
  poll_frequency: withFallback(decimal(0.1, 86_400, "seconds"), 15),
  poll_message_sleep: withFallback(decimal(0, 3_600, "seconds"), 0.1),
  max_concurrent_uploads: withFallback(wholeNumber(0, 32), 8),
  emails_per_folder: withFallback(wholeNumber(1, 100_000), 2_520),
  reinfer_batch_size: withFallback(wholeNumber(1, 1_000), 80),
  audit_email: text("text that is not empty"),
  notifications: withFallback(oneOf("poll", "streaming"), "poll"),
  mailboxes: nested("an object from mailbox address to mailbox"),
} satisfies KeyRules;

/** Keys of one mailbox. */
export const MAILBOX_KEYS = {
  bucket: nested('an object with "owner" and "name"'),
  start_from: withFallback(oneOf("bucket", "config"), "bucket"),
  start_timestamp: decoded(timestampOf, TIMESTAMP_ALLOWED),
  enabled: withFallback(flag(), true),
  folder_allowlist: listOf(folderPath(), "a list of folder paths, each a list of names"),
  folder_denylist: listOf(folderPath(), "a list of folder paths, each a list of names"),
  participant_allowlist: listOf(textWhere(isMailboxAddress), "a list of email addresses"),
  participant_denylist: listOf(textWhere(isMailboxAddress), "a list of email addresses"),
  participant_domain_allowlist: listOf(textWhere(isMailDomain), "a list of mail domains"),
  participant_domain_denylist: listOf(textWhere(isMailDomain), "a list of mail domains"),
  upload_attachments: flag(),
} satisfies KeyRules;

/** Keys of a mailbox's bucket. */
export const BUCKET_KEYS = { owner: bucketWord(), name: bucketWord() } satisfies KeyRules;

/** What words of a cipher list and what stands between them are made of (openssl-ciphers(1)). */
const CIPHER_LIST = /^[A-Za-z0-9_.+!@=:, -]{1,4096}$/;

const SIGN_IN_NAME = /^(?:[^\\@\p{Cc}]+\\)?[^\\\p{Cc}]+$/u;
/** Its line ends may be the two characters `\n`; base64 and header lines lie between the marks. */
const PEM_PRIVATE_KEY = new RegExp(
  "-----BEGIN (?<kind>(?:[A-Z]+ )?PRIVATE KEY)-----[A-Za-z0-9+/=\\s\\\\:,-]+" +
    "-----END \\k<kind>-----",
);

function withFallback<T>(rule: KeyRule<T>, fallback: T): KeyRule<T> & { readonly fallback: T } {
  return { ...rule, fallback };
}

/** Text that `decode` understands; it says undefined to what is not allowed. */
function decoded<T>(decode: (text: string) => T | undefined, allowed: string): KeyRule<T> {
  const schema = z.string().transform((text, context) => {
    const value = decode(text);
    if (value !== undefined) return value;
    context.addIssue({ code: "custom" });
    return z.NEVER;
  });
  return { schema, allowed };
}

function textWhere(isAllowed: (text: string) => boolean): z.ZodType<string> {
  return z.string().refine(isAllowed);
}

function text(allowed: string): KeyRule<string> {
  return { schema: z.string().regex(/^\P{Cc}+$/u), allowed };
}

function url(decode: (text: string) => URL | undefined, allowed: string): KeyRule<URL> {
  return { ...decoded(decode, allowed), shown: "url" };
}

function secret(isAllowed: (text: string) => boolean, allowed: string): KeyRule<Secret> {
  const schema = textWhere(isAllowed).transform((text) => new Secret(text));
  return { schema, allowed, shown: "secret" };
}

function oneOf<const T extends readonly [string, ...string[]]>(...choices: T): KeyRule<T[number]> {
  const list = choices.map((choice) => `"${choice}"`);
  const schema = z.custom<T[number]>((value) => choices.some((choice) => choice === value));
  return { schema, allowed: `${list.slice(0, -1).join(", ")} or ${list.at(-1)}` };
}

/** A boolean, which may be written as text. */
function flag(): KeyRule<boolean> {
  const written = z.string().regex(/^(true|false)$/i).transform((text) => /^true$/i.test(text));
  return { schema: z.union([z.boolean(), written]), allowed: "true or false" };
}

/** A number, which may be written as text. */
function number(): z.ZodType<number> {
  const written = z.string().regex(/^-?[0-9]{1,20}(\.[0-9]{1,20})?$/).transform(Number);
  return z.union([z.number(), written]);
}

function decimal(min: number, max: number, unit: string): KeyRule<number> {
  const schema = number().pipe(z.number().min(min).max(max));
  return { schema, allowed: `a number of ${unit} from ${min} to ${max}` };
}

function wholeNumber(min: number, max: number): KeyRule<number> {
  const schema = number().pipe(z.int().min(min).max(max));
  return { schema, allowed: `a whole number from ${min} to ${max}` };
}

function listOf<T>(element: z.ZodType<T>, allowed: string): KeyRule<readonly T[]> {
  return { schema: z.array(element), allowed, shown: "list" };
}

function folderPath(): z.ZodType<readonly string[]> {
  return z.array(z.string().min(1)).min(1);
}

function nested(allowed: string): KeyRule<JsonObject> {
  return { schema: z.custom<JsonObject>(isJsonObject), allowed, shown: "nested" };
}

function bucketWord(): KeyRule<string> {
  const schema = z.string().regex(/^[A-Za-z0-9_-]{1,256}$/);
  return { schema, allowed: '1 to 256 letters (A to Z, a to z), digits, "_" and "-"' };
}

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The digits alone, in lower case. */
function thumbprintOf(text: string): string | undefined {
  const digits = text.replaceAll(":", "").toLowerCase();
  return /^([0-9a-f]{40}|[0-9a-f]{64})$/.test(digits) ? digits : undefined;
}
