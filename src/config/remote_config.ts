import { LIMITS } from "../core/limits.ts";
import { type ReadVariable, variableOf } from "./environment.ts";
import { loadConfig, type LoadedConfig } from "./load.ts";
import type { ReadFile } from "./read_text.ts";
import type { RemoteConfigAt } from "./remote_config_options.ts";

/** Which configuration counts (spec section 1: flag, environment, local file, remote file). */
export type ConfigChoice =
  /** `file` as given; `ignored` is the remote one that was named as well. */
  | { readonly kind: "local"; readonly file: string; readonly ignored?: RemoteConfigAt }
  | { readonly kind: "remote"; readonly at: RemoteConfigAt }
  | { readonly kind: "none" };

/** A local configuration wins over a remote one, wherever it is named. */
export function configChoiceOf(
  given: { readonly configFile?: string; readonly remote?: RemoteConfigAt },
  env: ReadVariable,
): ConfigChoice {
  const { configFile: file = variableOf(env, "REINFER_EWS_CONFIG"), remote } = given;
  if (file !== undefined) return { kind: "local", file, ...(remote ? { ignored: remote } : {}) };
  return remote ? { kind: "remote", at: remote } : { kind: "none" };
}

/** A configuration that was read already, in place of a file. */
export interface ReadConfig {
  /** What messages call it. */
  readonly place: string;
  /**
   * At most `CONFIG_READ_BYTES_MAX` of it. A rejection is a problem, said as that of a file that
   * cannot be read.
   */
  readonly bytes: Uint8Array | Promise<Uint8Array>;
  readonly env: ReadVariable;
  /** Reads the files that it and the environment name. */
  readonly readFile: ReadFile;
}

/** `loadConfig` for what was read from elsewhere: the same rules, and the environment on top. */
export async function loadReadConfig(
  { place, bytes, env, readFile }: ReadConfig,
): Promise<LoadedConfig> {
  const loaded = await loadConfig({
    configFile: place,
    env,
    readFile: (path, bytesMax) =>
      path === place ? Promise.resolve(bytes) : readFile(path, bytesMax),
  });
  if (loaded.kind === "invalid") return loaded;
  const settings = loaded.settings.map((setting) =>
    setting.origin === "file" ? { ...setting, origin: "remote file" as const } : setting
  );
  return { ...loaded, settings };
}

/** How many bytes are read of one: the last tells that there are too many. */
export const CONFIG_READ_BYTES_MAX = LIMITS.configBytesMax + 1;
