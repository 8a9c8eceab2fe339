import {
  changedTargets,
  type CredentialTargets,
  credentialTargetsOf,
} from "../../config/credential_targets.ts";
import type { DestinationEnvironment } from "../../config/destination_config.ts";
import { quoted, visible } from "../../config/printable.ts";
import { problemLine } from "../../config/problem.ts";
import { loadReadConfig } from "../../config/remote_config.ts";
import type { ConfigPushOptions } from "../../config/remote_config_options.ts";
import { refusalLines } from "../../config/show.ts";
import { LIMITS } from "../../core/limits.ts";
import type { Console } from "../console.ts";
import { counted } from "../counted.ts";
import { EXIT, type ExitCode } from "../exit_code.ts";
import { complainOf, withConfigStore } from "./config_command.ts";
import { meantConfig } from "./meant_config.ts";
import type { RemoteConfigStore } from "./remote_config_store.ts";

/**
 * `config push`: makes a file the remote configuration, byte for byte, unless `run` would refuse it.
 * It is looked at as `run` would here: what the environment adds at the appliance, it has to add here.
 */
export async function pushConfig(
  { file, to }: ConfigPushOptions,
  environment: DestinationEnvironment,
  console: Console,
): Promise<ExitCode> {
  // Read once: what is looked at is what is pushed, whoever changes the file meanwhile.
  const reading = environment.readFile(file, LIMITS.configBytesMax);
  // The loader meets a failure later, and has the words for it.
  reading.catch(() => undefined);
  const loaded = await loadReadConfig({ ...environment, place: file, bytes: reading });
  if (loaded.kind !== "ready") {
    complainOf([...refusalLines(loaded), `Not pushed: "run" refuses ${quoted(file)}`], console);
    return EXIT.usageOrConfig;
  }
  complainOf(loaded.warnings.map((warning) => `Warning: ${problemLine(warning)}`), console);
  const bytes = await reading;
  const targets = credentialTargetsOf(loaded.config);
  return await withConfigStore(to, environment, console, async (store, { stop }) => {
    const changes = await changesOfTargets(store, targets, environment, stop.begun);
    complainOf(
      changes.map((change) =>
        `Warning: ${change}: instances that run use nothing of this until they are restarted`
      ),
      console,
    );
    await store.write(bytes, { signal: stop.begun });
    const mailboxes = counted(loaded.addresses.length, "mailbox");
    console.print(`Pushed ${visible(file)}, ${mailboxes}, to ${visible(store.place)}\n`);
    return EXIT.done;
  });
}

/** Where the configuration there sends credentials, and this one does not. */
async function changesOfTargets(
  store: RemoteConfigStore,
  targets: CredentialTargets,
  environment: DestinationEnvironment,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const before = await store.read({ signal });
  const meaning = before && await meantConfig(before, store.place, environment);
  return meaning && "targets" in meaning ? changedTargets(meaning.targets, targets) : [];
}
