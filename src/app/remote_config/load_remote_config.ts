import type { DestinationEnvironment } from "../../config/destination_config.ts";
import type { LoadedConfig } from "../../config/load.ts";
import { loadReadConfig } from "../../config/remote_config.ts";
import type { RemoteConfigAt } from "../../config/remote_config_options.ts";
import type { Console } from "../console.ts";
import { EXIT, type ExitCode } from "../exit_code.ts";
import { withConfigStore } from "./config_command.ts";
import { remoteConfigMissing } from "./remote_config_store.ts";

/** It could not be read, which is said; the exit code tells why. */
export interface UnreadConfig {
  readonly kind: "unread";
  readonly exitCode: ExitCode;
}

/** Reads a remote configuration once, as the commands beside `run` do; never rejects. */
export async function loadRemoteConfig(
  at: RemoteConfigAt,
  environment: DestinationEnvironment,
  console: Console,
): Promise<LoadedConfig | UnreadConfig> {
  let loaded: LoadedConfig | undefined;
  const exitCode = await withConfigStore(at, environment, console, async (store, { stop }) => {
    const bytes = await store.read({ signal: stop.begun });
    if (!bytes) throw remoteConfigMissing(store.place);
    loaded = await loadReadConfig({ ...environment, place: store.place, bytes });
    return EXIT.done;
  });
  return loaded ?? { kind: "unread", exitCode };
}
