/** The compiled appliance in a storm of faults, kills and changes. See `bench/soak`. */
import { join } from "node:path";
import { parseArgs } from "node:util";
import { systemClock } from "../src/runtime/system.ts";
import { seededEntropy } from "../tests/exchange/seeded_entropy.ts";
import { ApplianceLives } from "./storm/appliance_lives.ts";
import { compare, type Comparison } from "./storm/comparison.ts";
import { EXCHANGE_FAULTS } from "./storm/exchange_faults.ts";
import type { ExchangeMail, ExchangeReady } from "./storm/exchange_process.ts";
import { FrontEnd } from "./storm/front_end.ts";
import { reportText, type SoakFindings, verdict } from "./storm/report.ts";
import { ServedProcess } from "./storm/served_process.ts";
import {
  bucketOf,
  type FaultTotals,
  localSink,
  platformSink,
  type StormSink,
} from "./storm/sinks.ts";
import { skippedIn } from "./storm/skips.ts";
import { Swarm } from "./storm/swarm.ts";

const USAGE = `The compiled appliance in a storm of faults, kills and changes

  --minutes N            how long the storm lasts (20)
  --seed N               what happens, and in which order (1)
  --sink platform|local  where mail goes (platform)
  --mailboxes N          (4)
  --emails N             emails that are there from the beginning (400)
  --json FILE            write what was found to FILE, too
  --dir DIR              folder for configuration, state and log; emptied (build/soak)
`;

interface SoakOptions {
  readonly minutes: number;
  readonly seed: number;
  readonly sink: "platform" | "local";
  readonly mailboxes: number;
  readonly emails: number;
  readonly json: string | undefined;
  readonly folder: string;
}

const MINUTE_MS = 60_000;
/** Time between two faults on average, over both servers, ms. */
const FAULT_EVERY_MS = 1_000;
/** Each process is killed so often on average; in a short storm more often. */
const KILL_EVERY_MS = 45_000;
const KILLS_MIN = 6;
/** What has not begun cannot be interrupted: the storm breaks out over a sync at work. */
const BEGUN_EMAILS = 50;
const BEGUN_MS_MAX = MINUTE_MS;
const DOWN_MS_MAX = 3_000;
/** What backs off for minutes when the storm ends is waited for. */
const CONVERGED_MS_MAX = 6 * MINUTE_MS;
const LOOK_EVERY_MS = 2_000;
const BINARY = "dist/reinfer-ews";

/** All that takes part. */
interface Scene {
  readonly options: SoakOptions;
  readonly exchange: ServedProcess<ExchangeReady>;
  readonly frontEnd: FrontEnd;
  readonly sink: StormSink;
  readonly appliance: ApplianceLives;
  readonly runArgs: readonly string[];
  readonly verifyArgs: readonly string[];
  readonly kills: Record<string, number>;
}

async function soak(options: SoakOptions, ending: AbortSignal): Promise<SoakFindings> {
  await Deno.remove(options.folder, { recursive: true }).catch(() => undefined);
  await Deno.mkdir(options.folder, { recursive: true });
  await using disposables = new AsyncDisposableStack();
  const scene = await sceneOf(options, disposables);
  scene.appliance.start();
  await begun(scene);
  await storm(scene, ending);
  ending.throwIfAborted();
  return await calm(scene);
}

async function sceneOf(options: SoakOptions, disposables: AsyncDisposableStack): Promise<Scene> {
  const { seed, folder } = options;
  const exchange = disposables.use(
    await ServedProcess.start<ExchangeReady>("exchange_process.ts", [
      `--seed=${seed}`,
      `--mailboxes=${options.mailboxes}`,
      `--emails=${options.emails}`,
    ]),
  );
  const frontEnd = disposables.use(await FrontEnd.start(exchange.ready.port));
  const buckets = exchange.ready.mailboxes.map((mailbox) => bucketOf(mailbox).name);
  const sink = disposables.use(
    options.sink === "local" ? localSink(folder) : await platformSink(folder, { seed, buckets }),
  );
  const config = await writtenConfig(folder, exchange.ready, frontEnd.port);
  const places = ["--config", config, ...sink.args];
  const runArgs = ["run", ...places, "--log-format", "json"];
  const appliance = disposables.use(
    new ApplianceLives({
      program: BINARY,
      // What cannot be had at a start is waited for here, too: nobody else restarts the process.
      args: [...runArgs, "--restart-on-unrecoverable-errors"],
      env: sink.env,
      logFile: join(folder, "appliance.log"),
      secrets: [exchange.ready.password, ...sink.secrets],
    }),
  );
  const kills = { appliance: 0, exchange: 0, ...(sink.server ? { platform: 0 } : {}) };
  const verifyArgs = ["verify", ...places];
  return { options, exchange, frontEnd, sink, appliance, runArgs, verifyArgs, kills };
}

/** The config file of the appliance (spec section 2). */
async function writtenConfig(folder: string, ready: ExchangeReady, port: number): Promise<string> {
  const caFile = join(folder, "ca.pem");
  const file = join(folder, "config.json");
  await Deno.writeTextFile(caFile, ready.caPem);
  const mailboxes = ready.mailboxes.map((address) => [address, { bucket: bucketOf(address) }]);
  const config = {
    ews_endpoint: `https://127.0.0.1:${port}/EWS/Exchange.asmx`,
    ews_ssl_ca_file: caFile,
    auth_user: ready.user,
    auth_password: ready.password,
    access_type: "impersonation",
    poll_frequency: 0.5,
    poll_message_sleep: 0,
    mailboxes: Object.fromEntries(mailboxes),
  };
  await Deno.writeTextFile(file, JSON.stringify(config), { mode: 0o600 });
  return file;
}

/** Resolves once mail arrives. */
async function begun({ sink }: Scene): Promise<void> {
  const deadline = AbortSignal.timeout(BEGUN_MS_MAX);
  while ((await sink.mail()).length < BEGUN_EMAILS) {
    await systemClock.sleep(LOOK_EVERY_MS / 10, { signal: deadline });
  }
}

/**
 * Everything at once until the time is over. The appliance is killed in the first third only, so that
 * the memory of one long life can be looked at.
 */
async function storm(scene: Scene, ending: AbortSignal): Promise<void> {
  const { options, exchange, frontEnd, sink, appliance, kills } = scene;
  const stormMs = options.minutes * MINUTE_MS;
  const over = AbortSignal.any([ending, AbortSignal.timeout(stormMs)]);
  const third = AbortSignal.any([ending, AbortSignal.timeout(stormMs / 3)]);
  const killEveryMs = Math.min(KILL_EVERY_MS, stormMs / KILLS_MIN);
  const everyMs = FAULT_EVERY_MS * (sink.server ? 2 : 1);
  const killing = (name: string, number: number, signal: AbortSignal, kill: () => Promise<void>) =>
    againAndAgain({ seed: options.seed + number, everyMs: killEveryMs, signal }, async () => {
      kills[name] = kills[name]! + 1;
      await kill();
    });
  const restarting = (frontEnd: FrontEnd, seed: number) => async () => {
    await frontEnd.kill();
    await down(seed);
    await frontEnd.restart();
  };
  await Promise.all([
    faults(
      exchange,
      { seed: options.seed + 13, kinds: Object.keys(EXCHANGE_FAULTS), everyMs },
      over,
    ),
    killing("appliance", 10, third, async () => {
      await appliance.kill();
      await exchange.call("forget");
      await sink.server?.process.call("forget");
      appliance.start();
    }),
    killing("exchange", 11, over, restarting(frontEnd, options.seed)),
    ...(sink.server
      ? [
        faults(
          sink.server.process,
          { seed: options.seed + 14, kinds: sink.server.faults, everyMs },
          over,
        ),
        killing("platform", 12, over, restarting(sink.server.frontEnd, options.seed + 1)),
      ]
      : []),
  ]);
}

/** Faults of one server until `signal` is aborted. */
async function faults(
  process: Pick<ServedProcess<unknown>, "call">,
  { seed, kinds, everyMs }: {
    readonly seed: number;
    readonly kinds: readonly string[];
    readonly everyMs: number;
  },
  signal: AbortSignal,
): Promise<void> {
  const swarm = new Swarm({ entropy: seededEntropy(seed), kinds, everyMs });
  for (;;) {
    const { kind, waitMs } = swarm.next();
    await systemClock.sleep(waitMs, { signal }).catch(() => undefined);
    if (signal.aborted) return;
    await process.call("fault", kind);
  }
}

async function againAndAgain(
  { seed, everyMs, signal }: {
    readonly seed: number;
    readonly everyMs: number;
    readonly signal: AbortSignal;
  },
  act: () => Promise<void>,
): Promise<void> {
  const entropy = seededEntropy(seed);
  for (;;) {
    // Never twice at once: what is killed comes back in between and does some work.
    const waitMs = everyMs * (0.5 + entropy.next());
    await systemClock.sleep(waitMs, { signal }).catch(() => undefined);
    if (signal.aborted) return;
    await act();
  }
}

async function down(seed: number): Promise<void> {
  const ms = seededEntropy(seed).next() * DOWN_MS_MAX;
  await systemClock.sleep(ms, { signal: new AbortController().signal });
}

/** Nothing fails any more: waits until all is there, tries what was skipped, and compares. */
async function calm(scene: Scene): Promise<SoakFindings> {
  const { options, exchange, sink, appliance, kills, runArgs, verifyArgs } = scene;
  await exchange.call("calm");
  await sink.server?.process.call("calm");
  const convergedAfterS = await converged(scene);
  const skippedAtCalm = await skippedIn(sink.stateDir);
  await appliance.stop();
  const problems: string[] = [];
  const rest = await appliance.runOnce([...runArgs, "--once", "--retry-skipped"]);
  if (rest !== 0) problems.push(`What was skipped could not be had: exit code ${rest}`);
  if (sink.isVerifiable) {
    const verified = await appliance.runOnce(verifyArgs);
    if (verified !== 0) problems.push(`verify: exit code ${verified}`);
  }
  const ofExchange = await exchange.call<ExchangeTotals>("totals");
  const ofSink = await sink.server?.process.call<FaultTotals>("totals");
  const { seed, minutes } = options;
  return {
    ...{ seed, minutes, sink: options.sink, kills, skippedAtCalm },
    faults: { Exchange: ofExchange.met, ...(ofSink ? { "the platform": ofSink.met } : {}) },
    life: ofExchange.life,
    mail: await compared(scene),
    fetched: ofExchange.ledger.mimeServed,
    backoffs: {
      asked: ofExchange.asked + (ofSink?.asked ?? 0),
      broken: [...ofExchange.broken, ...ofSink?.broken ?? []],
    },
    memory: appliance.lives.map(({ memory }) => memory),
    ...(convergedAfterS === undefined ? {} : { convergedAfterS }),
    problems: [...problems, ...appliance.problems],
  };
}

interface ExchangeTotals extends FaultTotals {
  readonly life: Readonly<Record<string, number>>;
  readonly ledger: { readonly mimeServed: number };
}

/** Seconds until everything is there that is not on the record of skips; nothing: not in time. */
async function converged(scene: Scene): Promise<number | undefined> {
  const startedMs = systemClock.monotonicMs();
  const forever = { signal: new AbortController().signal };
  for (;;) {
    const { lost, wrong } = await compared(scene);
    const tookMs = systemClock.monotonicMs() - startedMs;
    const isThere = lost.length + wrong.length <= await skippedIn(scene.sink.stateDir);
    if (isThere) return Math.round(tookMs / 1_000);
    if (tookMs > CONVERGED_MS_MAX) return undefined;
    await systemClock.sleep(LOOK_EVERY_MS, forever);
  }
}

async function compared({ exchange, sink }: Scene): Promise<Comparison> {
  return compare(await exchange.call<ExchangeMail>("mail"), await sink.mail(), sink);
}

/** @throws TypeError for flags that cannot be meant. */
function optionsOf(args: readonly string[]): SoakOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      minutes: { type: "string", default: "20" },
      seed: { type: "string", default: "1" },
      sink: { type: "string", default: "platform" },
      mailboxes: { type: "string", default: "4" },
      emails: { type: "string", default: "400" },
      json: { type: "string" },
      dir: { type: "string", default: join("build", "soak") },
    },
  });
  const { sink, json, dir } = values;
  if (sink !== "platform" && sink !== "local") throw new TypeError(`--sink "${sink}" is none`);
  const number = (name: "minutes" | "seed" | "mailboxes" | "emails") => {
    const value = Number(values[name]);
    if (!(value > 0)) throw new TypeError(`--${name} "${values[name]}" is no number above 0`);
    return value;
  };
  return {
    minutes: number("minutes"),
    seed: number("seed"),
    mailboxes: number("mailboxes"),
    emails: number("emails"),
    ...{ sink, json, folder: dir },
  };
}

/** Exits with 0 where help is asked for, with 2 on flags that cannot be meant. */
function optionsOrExit(args: readonly string[]): SoakOptions {
  if (args.includes("--help")) {
    console.log(USAGE);
    Deno.exit(0);
  }
  try {
    return optionsOf(args);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    console.error(`${error.message}\n\n${USAGE}`);
    Deno.exit(2);
  }
}

/** Prints what was found; true if all is well. */
async function main(options: SoakOptions, ending: AbortSignal): Promise<boolean> {
  const findings = await soak(options, ending);
  console.log(reportText(findings));
  const wrong = verdict(findings);
  if (options.json) {
    await Deno.writeTextFile(options.json, JSON.stringify({ ...findings, wrong }, undefined, 2));
  }
  console.log(`\n${wrong.length === 0 ? "All is well." : `WRONG:\n  ${wrong.join("\n  ")}`}`);
  return wrong.length === 0;
}

if (import.meta.main) {
  Deno.chdir(new URL("..", import.meta.url).pathname);
  const ending = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    Deno.addSignalListener(signal, () => ending.abort(new Error(`ended by ${signal}`)));
  }
  try {
    // Listeners would keep the process.
    Deno.exit(await main(optionsOrExit(Deno.args), ending.signal) ? 0 : 1);
  } catch (error) {
    console.error(`bench/soak: ${error instanceof Error ? error.message : error}`);
    Deno.exit(1);
  }
}
