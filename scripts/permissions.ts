import { AZURE_VARIABLES } from "../src/azure/azure_variables.ts";
import { C_LIBRARIES, OPEN_FILES } from "../src/http/openssl/c_library.ts";

/**
 * What the executable may do, for good: nobody can widen it at run time. The program itself then
 * revokes what its configuration does not need (spec section 4).
 */

/** The environment the product documents (spec section 1). */
const DOCUMENTED = [
  "REINFER_API_TOKEN",
  "REINFER_API_TOKEN_FILE",
  "REINFER_EWS_ACCESS_TYPE",
  "REINFER_EWS_ALLOWED_HOSTS",
  "REINFER_EWS_AUTH_PASS",
  "REINFER_EWS_AUTH_PASS_FILE",
  "REINFER_EWS_AUTH_USER",
  "REINFER_EWS_AZURE_BLOB_ENDPOINT",
  "REINFER_EWS_CONFIG",
  "REINFER_EWS_HOST",
  "REINFER_EWS_OAUTH_CLIENT_SECRET",
  "REINFER_EWS_OAUTH_CLIENT_SECRET_FILE",
  "REINFER_EWS_OAUTH_PRIVATE_KEY",
  "REINFER_EWS_OAUTH_PRIVATE_KEY_FILE",
  "REINFER_EWS_PORT",
  "REINFER_TOKEN",
  "HTTPS_PROXY",
  "HTTP_PROXY",
  "NO_PROXY",
  "SSL_CERT_FILE",
] as const;

/**
 * Not for people: what the program sets for Deno before it opens TLS, terminal manners, and what
 * systemd says.
 */
const INTERNAL = [
  "DENO_TLS_CA_STORE",
  "NOTIFY_SOCKET",
  "NO_COLOR",
  "RUNTIME_DIRECTORY",
  "WATCHDOG_USEC",
  "http_proxy",
  "https_proxy",
  "no_proxy",
] as const;

/**
 * For OpenSSL where `ews_ssl_ciphers` is set, given up at start by everyone else: the C library, and
 * files that the process itself has open, in which the embedded libraries are.
 */
export const LIBRARY_PERMISSION = `--allow-ffi=${[...C_LIBRARIES, OPEN_FILES].join(",")}`;

/** Options of `deno compile`. */
export const APPLIANCE_PERMISSIONS: readonly string[] = [
  "--no-prompt",
  // Datagrams over a socket with a path, for systemd.
  "--unstable-net",
  "--allow-net",
  "--allow-read",
  "--allow-write",
  LIBRARY_PERMISSION,
  // For the Azure CLI; revoked at start for everyone without the Azure sink. Named `az`, it would be
  // searched at start, and a process without PATH would not start.
  "--allow-run",
  // The Azure SDK tells the service on what it runs; who we are stands in errors about files.
  "--allow-sys=osRelease,uid",
  `--allow-env=${[...DOCUMENTED, ...AZURE_VARIABLES, ...INTERNAL].join(",")}`,
  // Packages look for variables of their own when they are loaded. Refusing would throw.
  "--ignore-env",
];
