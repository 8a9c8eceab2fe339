/**
 * The simulated platform as a process of its own, for demonstrations and benchmarks.
 *
 * Prints one line of JSON when it is ready and one with totals when it ends (SIGTERM or SIGINT).
 */
import { parseArgs } from "node:util";
import { SimulatedPlatform } from "./simulated_platform.ts";

const USAGE = `Simulated platform on 127.0.0.1

  --bucket OWNER/NAME    a bucket that is there; may be given again (acme/support)
  --port N               port to listen on (0: any free one)
  --base-path PATH       path before /api, e.g. /org/tenant/reinfer_
  --body-bytes-max N     refuse larger bodies with 413
`;

/** @throws TypeError for flags that cannot be meant. */
function platformOf(args: readonly string[]): SimulatedPlatform {
  const { values } = parseArgs({
    args: [...args],
    options: {
      bucket: { type: "string", multiple: true, default: ["acme/support"] },
      port: { type: "string", default: "0" },
      "base-path": { type: "string", default: "" },
      "body-bytes-max": { type: "string", default: "Infinity" },
    },
  });
  const buckets = values.bucket.map((bucket) => {
    const [, owner, name] = /^([^/]+)\/([^/]+)$/.exec(bucket) ?? [];
    if (!owner || !name) throw new TypeError(`--bucket "${bucket}" is not OWNER/NAME`);
    return { owner, name };
  });
  const port = Number(values.port);
  if (!Number.isSafeInteger(port) || port < 0) {
    throw new TypeError(`--port "${values.port}" is none`);
  }
  const platform = new SimulatedPlatform({ buckets, port, basePath: values["base-path"] });
  platform.bodyBytesMax = Number(values["body-bytes-max"]);
  return platform;
}

/** Exits with 2 on flags that cannot be meant. */
function platformOrExit(args: readonly string[]): SimulatedPlatform {
  try {
    return platformOf(args);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    console.error(`${error.message}\n\n${USAGE}`);
    Deno.exit(2);
  }
}

if (import.meta.main) {
  const { promise: end, resolve } = Promise.withResolvers<void>();
  for (const name of ["SIGTERM", "SIGINT"] as const) Deno.addSignalListener(name, resolve);
  const platform = platformOrExit(Deno.args);
  const { endpoint, token } = platform;
  const buckets = [...platform.buckets.keys()];
  console.log(JSON.stringify({ event: "ready", endpoint, token, buckets }));
  await end;
  console.log(JSON.stringify({ event: "ended", ...platform.ledger.totals() }));
  await platform[Symbol.asyncDispose]();
  Deno.exit(0); // the signal listeners would keep the process alive
}
