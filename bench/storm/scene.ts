import { join } from "node:path";
import { ApplianceLives } from "./appliance_lives.ts";
import type { ExchangeReady } from "./exchange_process.ts";
import { FrontEnd } from "./front_end.ts";
import { ServedProcess } from "./served_process.ts";
import { bucketOf, localSink, platformSink, type StormSink } from "./sinks.ts";

/** What a soak is told. */
export interface SoakOptions {
  readonly minutes: number;
  readonly seed: number;
  readonly sink: "platform" | "local";
  readonly mailboxes: number;
  readonly emails: number;
  readonly json: string | undefined;
  readonly folder: string;
}

const BINARY = "dist/reinfer-ews";

/** All that takes part. */
export interface Scene {
  readonly options: SoakOptions;
  readonly exchange: ServedProcess<ExchangeReady>;
  readonly frontEnd: FrontEnd;
  readonly sink: StormSink;
  readonly appliance: ApplianceLives;
  readonly runArgs: readonly string[];
  readonly verifyArgs: readonly string[];
  readonly kills: Record<string, number>;
}

/** Starts the servers and makes the appliance ready; what is begun ends with `disposables`. */
export async function sceneOf(
  options: SoakOptions,
  disposables: AsyncDisposableStack,
): Promise<Scene> {
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
