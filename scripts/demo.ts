/** The compiled appliance against a simulated Exchange server. See `scripts/demo`. */
import { join } from "node:path";
import { parseArgs } from "node:util";
import { ChildProcess } from "./child_process.ts";
import { arrivedSince, DeliveredFiles } from "./delivered_files.ts";
import { type FirstPass, introduction, summary } from "./demo_report.ts";

/** Emptied at every start. */
const FOLDER = join("build", "demo");
const MAIL = join(FOLDER, "mail");
const CONFIG = join(FOLDER, "config.json");
const SERVER_LOG = join(FOLDER, "exchange.log");

const NEW_EMAIL_EVERY_MS = 2_000;
const SERVER_READY_MS_MAX = 60_000;
const FIRST_PASS_MS_MAX = 300_000;
const LIVE_EMAIL_MS_MAX = 60_000;
const LOOK_EVERY_MS = 250;
/** The appliance abandons its work 10 s after it was told to stop. */
const STOP_MS_MAX = 15_000;

/** What the simulated server prints as one line of JSON once it can be reached. */
interface ReadyLine {
  readonly endpoint: string;
  readonly caFile: string;
  readonly user: string;
  readonly password: string;
  readonly mailboxes: readonly string[];
  /** How many emails were there from the beginning. */
  readonly emails: number;
}

interface DemoOptions {
  /** Of the simulated mailboxes together, or `all` there are. */
  readonly emails: string;
  readonly mailboxes: string;
}

/** Runs until somebody ends it, or, without a terminal, until all was shown. */
async function demonstrate(options: DemoOptions, ending: AbortSignal): Promise<void> {
  await Deno.remove(FOLDER, { recursive: true }).catch(() => undefined);
  await Deno.mkdir(FOLDER, { recursive: true });
  await using server = startServer(options);
  const ready = await readyLineOf(server, ending);
  if (ready === undefined) return;
  await Deno.writeTextFile(CONFIG, configFor(ready), { mode: 0o600 });
  console.log(introduction({
    endpoint: ready.endpoint,
    mailboxCount: ready.mailboxes.length,
    command: ["dist/reinfer-ews", ...APPLIANCE_ARGS].join(" "),
    mail: MAIL,
    serverLog: SERVER_LOG,
  }));
  if (Deno.stdout.isTerminal()) console.log("Ctrl-C ends it.\n");

  const startedAt = new Date();
  await using appliance = startAppliance();
  const delivered = new DeliveredFiles(MAIL);
  const tooEarly = Promise.race([server.endsTooEarly(), appliance.endsTooEarly()]);
  const watching = watch(delivered, ready, { startedAt, ending });
  const firstPass = await Promise.race([watching, tooEarly]);
  if (Deno.stdout.isTerminal()) await Promise.race([aborted(ending), tooEarly]);

  const code = await appliance.stop();
  if (code !== 0) throw new Error(`The appliance ended with code ${code}`);
  await delivered.refresh();
  console.log(summary(delivered.emails, { startedAt, firstPass, prefix: MAIL }));
}

function startServer({ emails, mailboxes }: DemoOptions): ChildProcess {
  const settings = {
    "--mailboxes": mailboxes,
    "--emails": emails,
    "--deliver-every-ms": `${NEW_EMAIL_EVERY_MS}`,
    "--dir": FOLDER,
  };
  return new ChildProcess({
    name: "The simulated Exchange server",
    program: Deno.execPath(),
    args: [
      ...["run", "--quiet", "--cached-only", "--allow-all", "tests/exchange/main.ts"],
      ...Object.entries(settings).flat(),
    ],
    stdout: "piped",
    stderrFile: SERVER_LOG,
    stopMsMax: STOP_MS_MAX,
  });
}

/** Undefined if `ending` came first. */
async function readyLineOf(
  server: ChildProcess,
  ending: AbortSignal,
): Promise<ReadyLine | undefined> {
  const line = await within(SERVER_READY_MS_MAX, "The simulated Exchange server to be ready", [
    server.firstLine(),
    server.endsTooEarly(),
    aborted(ending),
  ]);
  return line === undefined ? undefined : JSON.parse(line) as ReadyLine;
}

/** The config file of the appliance (spec section 2). */
function configFor({ endpoint, caFile, user, password, mailboxes }: ReadyLine): string {
  const buckets = mailboxes.map((address) => {
    const name = address.replace(/@.*/, "").replace(/[^A-Za-z0-9_-]/g, "-");
    return [address, { bucket: { owner: "demo", name } }];
  });
  const config = {
    ews_endpoint: endpoint,
    ews_ssl_ca_file: caFile,
    auth_type: "ntlm",
    auth_user: user,
    auth_password: password,
    access_type: "impersonation",
    poll_frequency: 2,
    poll_message_sleep: 0,
    mailboxes: Object.fromEntries(buckets),
  };
  return `${JSON.stringify(config, undefined, 2)}\n`;
}

const APPLIANCE_ARGS = [
  "run",
  ...["--config", CONFIG],
  ...["--local-files-prefix", MAIL],
  ...["--bind", "127.0.0.1:0"],
  ...["--log-format", "text"],
  ...["--debug-level", "0"],
];

function startAppliance(): ChildProcess {
  return new ChildProcess({
    name: "The appliance",
    program: "dist/reinfer-ews",
    args: APPLIANCE_ARGS,
    stopMsMax: STOP_MS_MAX,
  });
}

/**
 * Follows the output folder through the first pass and until an email that arrived after
 * `startedAt` is there. Undefined if `ending` came before the first pass was over.
 */
async function watch(
  delivered: DeliveredFiles,
  ready: ReadyLine,
  { startedAt, ending }: { readonly startedAt: Date; readonly ending: AbortSignal },
): Promise<FirstPass | undefined> {
  const emailsArrived = (when: "before" | "since"): number =>
    delivered.emails.filter((email) => arrivedSince(email, startedAt) === (when === "since"))
      .length;
  const until = async (msMax: number, isDone: () => Promise<boolean>): Promise<void> => {
    const deadlineMs = performance.now() + msMax;
    for (;;) {
      await delivered.refresh();
      if (ending.aborted || await isDone()) return;
      if (performance.now() > deadlineMs) {
        const count = `${emailsArrived("before")} of ${ready.emails} emails`;
        throw new Error(`Delivered ${count} and ${emailsArrived("since")} new ones; too slow`);
      }
      await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
    }
  };

  await until(FIRST_PASS_MS_MAX, async () =>
    emailsArrived("before") >= ready.emails &&
    await delivered.isCaughtUp(ready.mailboxes.length));
  if (ending.aborted) return undefined;
  const firstPass = {
    emails: delivered.emails.length,
    tookMs: Date.now() - startedAt.getTime(),
  };
  await until(LIVE_EMAIL_MS_MAX, () => Promise.resolve(emailsArrived("since") > 0));
  return firstPass;
}

/** Resolves, with nothing, once `signal` is aborted. */
function aborted(signal: AbortSignal): Promise<undefined> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(undefined);
    signal.addEventListener("abort", () => resolve(undefined), { once: true });
  });
}

/** The first of `promises`, or an error after `ms`. */
async function within<T>(ms: number, what: string, promises: readonly Promise<T>[]): Promise<T> {
  let timer: number | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`Waited ${ms / 1_000} s for: ${what}`)), ms);
  });
  try {
    return await Promise.race([...promises, late]);
  } finally {
    clearTimeout(timer);
  }
}

async function main(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      emails: { type: "string", default: "all" },
      mailboxes: { type: "string", default: "3" },
    },
  });
  await Deno.mkdir("build", { recursive: true });
  using lock = await Deno.open(join("build", "demo.lock"), { write: true, create: true });
  if (!await lock.tryLock(true)) throw new Error("A demo is running in this checkout already");
  const ending = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    Deno.addSignalListener(signal, () => ending.abort());
  }
  await demonstrate(values, ending.signal);
}

if (import.meta.main) {
  Deno.chdir(new URL("..", import.meta.url).pathname);
  try {
    await main(Deno.args);
    Deno.exit(0); // signal listeners would keep the process
  } catch (error) {
    console.error(`scripts/demo: ${error instanceof Error ? error.message : error}`);
    Deno.exit(1);
  }
}
