import type { SyncConfig } from "../../config/app_config.ts";
import { type CredentialTargets, credentialTargetsOf } from "../../config/credential_targets.ts";
import type { ReadVariable } from "../../config/environment.ts";
import { problemLine } from "../../config/problem.ts";
import type { ReadFile } from "../../config/read_text.ts";
import { loadReadConfig } from "../../config/remote_config.ts";
import { mailboxesOfShard, type Shard } from "../../config/shard.ts";
import { refusalLines } from "../../config/show.ts";

/** What a remote configuration is read with. */
export interface RemoteConfigContext {
  readonly env: ReadVariable;
  /** Reads the files that it and the environment name. */
  readonly readFile: ReadFile;
  /** Absent: all mailboxes. */
  readonly shard?: Shard;
}

/** A remote configuration that `run` can start with. */
export interface UsableRemoteConfig {
  /** With the mailboxes of this shard. */
  readonly config: SyncConfig;
  /** What validation found worth saying, one line each. */
  readonly warnings: readonly string[];
}

/** What a text means: a configuration, or why it cannot be used, one line for each reason. */
export type MeantConfig<C> =
  | { readonly config: C; readonly targets: CredentialTargets }
  | { readonly problems: readonly string[] };

/** What the bytes of a remote configuration mean for `run`. */
export async function meantConfig(
  bytes: Uint8Array,
  place: string,
  context: RemoteConfigContext,
): Promise<MeantConfig<UsableRemoteConfig>> {
  const loaded = await loadReadConfig({ ...context, place, bytes });
  if (loaded.kind !== "ready") return { problems: refusalLines(loaded) };
  const { mailboxes: all } = loaded.config;
  const mailboxes = context.shard ? mailboxesOfShard(all, context.shard) : all;
  return {
    config: {
      config: { ...loaded.config, mailboxes },
      warnings: loaded.warnings.map(problemLine),
    },
    targets: credentialTargetsOf(loaded.config),
  };
}
