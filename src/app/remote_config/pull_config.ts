import type { DestinationEnvironment } from "../../config/destination_config.ts";
import { visible } from "../../config/printable.ts";
import type { PullOptions } from "../../config/pull_options.ts";
import { SyncError } from "../../core/errors.ts";
import { LIMITS } from "../../core/limits.ts";
import type { Console } from "../console.ts";
import { EXIT, type ExitCode } from "../exit_code.ts";
import { withConfigStore } from "./config_command.ts";
import { writePrivateFile } from "./private_file.ts";
import { remoteConfigMissing, type RemoteConfigStore } from "./remote_config_store.ts";

/**
 * `config pull`: the remote configuration as it is, right or wrong, to standard output or into a
 * file that nobody else may read.
 */
export async function pullConfig(
  { from, to }: PullOptions,
  environment: DestinationEnvironment,
  console: Console,
): Promise<ExitCode> {
  return await withConfigStore(from, environment, console, async (store, { stop }) => {
    const bytes = await readWhole(store, stop.begun);
    if (to === undefined) {
      console.print(new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes));
      return EXIT.done;
    }
    await writePrivateFile(to, bytes, stop.begun);
    console.complain(`Pulled ${visible(store.place)} to ${visible(to)}\n`);
    return EXIT.done;
  });
}

async function readWhole(store: RemoteConfigStore, signal: AbortSignal): Promise<Uint8Array> {
  const bytes = await store.read({ signal });
  if (!bytes) throw remoteConfigMissing(store.place);
  if (bytes.byteLength <= LIMITS.configBytesMax) return bytes;
  const message = `"${store.place}" is larger than ${LIMITS.configBytesMax / 1024} KiB`;
  throw new SyncError("destination", "RemoteConfigTooLarge", message, {
    hint: "Check that it is a configuration at all",
  });
}
