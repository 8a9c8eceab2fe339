/** The compiled appliance in a storm of faults, kills and changes. See `bench/soak`. */
import { join } from "node:path";
import { parseArgs } from "node:util";
import { calm } from "./storm/calm.ts";
import { reportText, type SoakFindings, verdict } from "./storm/report.ts";
import { sceneOf, type SoakOptions } from "./storm/scene.ts";
import { begun, storm } from "./storm/storm.ts";

const USAGE = `The compiled appliance in a storm of faults, kills and changes

  --minutes N            how long the storm lasts (20)
  --seed N               what happens, and in which order (1)
  --sink platform|local  where mail goes (platform)
  --mailboxes N          (4)
  --emails N             emails that are there from the beginning (400)
  --json FILE            write what was found to FILE, too
  --dir DIR              folder for configuration, state and log; emptied (build/soak)
`;

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
