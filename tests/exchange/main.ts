/**
 * The simulated Exchange as a process of its own, for demonstrations and benchmarks.
 *
 * Prints one line of JSON when it is ready and one with totals when it ends (SIGTERM or SIGINT).
 */
import { join } from "node:path";
import { parseArgs } from "node:util";
import { clientCertificate } from "../authority/client_certificate.ts";
import {
  type SimulatedAuthority,
  startSimulatedAuthority,
} from "../authority/simulated_authority.ts";
import { startSimulatedGraph } from "../graph/simulated_graph.ts";
import { corpusEmails } from "./corpus.ts";
import { spreadCorpus } from "./corpus_delivery.ts";
import { fillWithExtremes } from "./extreme_mailbox.ts";
import { keepDelivering } from "./keep_delivering.ts";
import { seededEntropy } from "./seeded_entropy.ts";
import type { SimulatedMailbox } from "./simulated_mailbox.ts";
import { type SimulatedExchange, startSimulatedExchange } from "./simulated_exchange.ts";
import { WALL_CLOCK } from "./wall_clock.ts";

interface Settings {
  readonly mailboxes: number;
  readonly emails: number;
  /** Whether every mailbox also gets the extreme emails and folders. */
  readonly extremes: boolean;
  /** 0: nothing arrives. */
  readonly deliverEveryMs: number;
  readonly port: number;
  readonly tls: boolean;
  readonly latencyMs: number;
  readonly auth: "ntlm" | "basic" | "oauth2";
  /** Whether Microsoft Graph serves the same mailboxes. */
  readonly graph: boolean;
  /** Lifetime of an access token, seconds. */
  readonly tokenSeconds: number;
  /** Where certificates and keys are written. */
  readonly dir: string;
}

const USAGE = `Simulated Exchange server on 127.0.0.1

  --mailboxes N          mailboxes to create (3)
  --emails N|all         emails of the corpus to spread over them (all)
  --extremes             add emails and folders at the edges of what Exchange holds
  --deliver-every-ms N   keep delivering fresh emails at this pace (0: none)
  --port N               port to listen on (0: any free one)
  --tls | --plain        HTTPS with channel binding required (default), or HTTP
  --latency-ms N         wait before each answer (0)
  --auth ntlm|basic|oauth2  how clients sign in (ntlm); oauth2 starts an authority, too
  --graph                serve the same mailboxes over Microsoft Graph, too; needs oauth2
  --token-seconds N      how long an access token is valid (3600)
  --dir DIR              folder for ca.pem and the like (a new temporary one)
`;

function settingsOf(args: readonly string[]): Settings {
  const { values } = parseArgs({
    args: [...args],
    options: {
      mailboxes: { type: "string", default: "3" },
      emails: { type: "string", default: "all" },
      extremes: { type: "boolean", default: false },
      "deliver-every-ms": { type: "string", default: "0" },
      port: { type: "string", default: "0" },
      tls: { type: "boolean", default: false },
      plain: { type: "boolean", default: false },
      "latency-ms": { type: "string", default: "0" },
      auth: { type: "string", default: "ntlm" },
      graph: { type: "boolean", default: false },
      "token-seconds": { type: "string", default: "3600" },
      dir: { type: "string" },
    },
  });
  if (values.tls && values.plain) throw new TypeError("Give --tls or --plain, not both");
  const { auth } = values;
  if (auth !== "ntlm" && auth !== "basic" && auth !== "oauth2") {
    throw new TypeError(`--auth "${auth}" is not ntlm, basic or oauth2`);
  }
  if (values.graph && auth !== "oauth2") throw new TypeError("--graph needs --auth oauth2");
  return {
    auth,
    graph: values.graph,
    tokenSeconds: wholeNumber("--token-seconds", values["token-seconds"], 1),
    mailboxes: wholeNumber("--mailboxes", values.mailboxes, 1),
    emails: values.emails === "all"
      ? corpusEmails().length
      : wholeNumber("--emails", values.emails, 0),
    extremes: values.extremes,
    deliverEveryMs: wholeNumber("--deliver-every-ms", values["deliver-every-ms"], 0),
    port: wholeNumber("--port", values.port, 0),
    tls: !values.plain,
    latencyMs: wholeNumber("--latency-ms", values["latency-ms"], 0),
    dir: values.dir ?? Deno.makeTempDirSync({ prefix: "simulated-exchange-" }),
  };
}

function wholeNumber(flag: string, text: string, min: number): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < min) {
    throw new TypeError(`${flag} "${text}" is not a whole number of at least ${min}`);
  }
  return value;
}

/** Runs until `signal` is aborted. */
async function run(settings: Settings, signal: AbortSignal): Promise<void> {
  const { auth } = settings;
  await using authority = auth === "oauth2" ? await startSimulatedAuthority() : undefined;
  const authentication = auth === "oauth2" ? authority! : auth;
  await using exchange = await startSimulatedExchange({ ...settings, authentication });
  const { store } = exchange;
  const { latencyMs } = settings;
  await using graph = settings.graph && authority
    ? await startSimulatedGraph({ store, authority, latencyMs })
    : undefined;
  const mailboxes = Array.from({ length: settings.mailboxes }, (_, index) => {
    const number = String(index + 1).padStart(2, "0");
    return exchange.addMailbox(`mailbox-${number}@corp.example`);
  });
  spreadCorpus(mailboxes, settings.emails);
  const extremes = settings.extremes ? mailboxes.flatMap(fillWithExtremes).length : 0;
  Deno.mkdirSync(settings.dir, { recursive: true });
  print({
    event: "ready",
    endpoint: exchange.endpoint.href,
    caFile: exchange.caPem && written(settings, "ca.pem", exchange.caPem),
    ...graph && {
      graphEndpoint: graph.endpoint.origin,
      graphCaFile: written(settings, "graph-ca.pem", graph.caPem),
    },
    ...authority ? await oauthKeys(authority, settings) : accountOf(exchange),
    mailboxes: mailboxes.map((mailbox) => mailbox.address),
    emails: settings.emails + extremes,
  });
  const delivered = await deliverUntil(signal, mailboxes, settings.deliverEveryMs);
  print({
    event: "ended",
    delivered,
    ...exchange.ledger.totals(),
    ...graph && { graph: graph.ledger.totals() },
    ...authority && { tokens: authority.requests.length, refusedLogons: authority.refusedLogons },
  });
}

function accountOf({ account }: SimulatedExchange) {
  return { user: account.principalName, password: account.password };
}

/** Registers a certificate; what is returned is all a client has to be configured with. */
async function oauthKeys(authority: SimulatedAuthority, settings: Settings) {
  const certificate = await clientCertificate();
  authority.certificates = [certificate.certificatePem];
  authority.lifetimeS = settings.tokenSeconds;
  return {
    authority: authority.url.href,
    authorityCaFile: written(settings, "authority-ca.pem", authority.caPem),
    clientId: authority.clientId,
    clientSecret: authority.secret,
    privateKeyFile: written(settings, "client-key.pem", certificate.keyPem),
    thumbprint: certificate.sha1,
    thumbprintSha256: certificate.sha256,
  };
}

function written({ dir }: Settings, name: string, text: string): string {
  const path = join(dir, name);
  Deno.writeTextFileSync(path, text, { mode: 0o600 });
  return path;
}

async function deliverUntil(
  signal: AbortSignal,
  mailboxes: readonly SimulatedMailbox[],
  everyMs: number,
): Promise<number> {
  if (everyMs > 0) {
    const pace = { mailboxes, everyMs, clock: WALL_CLOCK, entropy: seededEntropy(2) };
    return await keepDelivering(pace, signal);
  }
  const { promise, resolve } = Promise.withResolvers<void>();
  signal.addEventListener("abort", () => resolve(), { once: true });
  if (!signal.aborted) await promise;
  return 0;
}

function print(line: Readonly<Record<string, unknown>>): void {
  console.log(JSON.stringify(line));
}

/** Exits with 2 on flags that cannot be meant. */
function settingsOrExit(args: readonly string[]): Settings {
  try {
    return settingsOf(args);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    console.error(`${error.message}\n\n${USAGE}`);
    Deno.exit(2);
  }
}

if (import.meta.main) {
  const end = new AbortController();
  for (const name of ["SIGTERM", "SIGINT"] as const) {
    Deno.addSignalListener(name, () => end.abort());
  }
  await run(settingsOrExit(Deno.args), end.signal);
  Deno.exit(0); // the signal listeners would keep the process alive
}
