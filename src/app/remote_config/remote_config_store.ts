import { CONFIG_READ_BYTES_MAX } from "../../config/remote_config.ts";
import type { RemoteConfigName } from "../../config/remote_config_options.ts";
import type { CallOptions } from "../../core/env.ts";
import { SyncError } from "../../core/errors.ts";
import { configNameOf } from "../../storage/layout.ts";
import type { ObjectStore } from "../../storage/object_store.ts";

/** One configuration that is kept remotely: on the platform, below a prefix, or in a container. */
export interface RemoteConfigStore {
  /** What messages call it; printable. */
  readonly place: string;
  /**
   * Its bytes, at most `CONFIG_READ_BYTES_MAX`; `undefined` if there is none. Rejects with a
   * `SyncError` of any kind but `item` when it cannot be read.
   */
  read(options: CallOptions): Promise<Uint8Array | undefined>;
  /** Creates or replaces it whole. Rejects as `read` does. */
  write(bytes: Uint8Array, options: CallOptions): Promise<void>;
}

/** A configuration as `config/OWNER/KEY.json` in a store of objects (spec section 5). */
export class ObjectConfigStore implements RemoteConfigStore {
  readonly place: string;
  readonly #store: Pick<ObjectStore, "read" | "replace">;
  readonly #name: string;

  constructor({ store, name: { owner, key }, place }: {
    readonly store: Pick<ObjectStore, "read" | "replace">;
    readonly name: RemoteConfigName;
    readonly place: string;
  }) {
    this.place = place;
    this.#store = store;
    this.#name = configNameOf(owner, key);
  }

  read({ signal }: CallOptions): Promise<Uint8Array | undefined> {
    return this.#store.read(this.#name, { signal, bytesMax: CONFIG_READ_BYTES_MAX });
  }

  write(bytes: Uint8Array, options: CallOptions): Promise<void> {
    return this.#store.replace(this.#name, bytes, options);
  }
}

/** The two calls of the platform that a configuration takes, with the name filled in. */
export interface ConfigCalls {
  /** The text of the file. Rejects with code `PlatformConfigMissing` if there is none. */
  read(options: CallOptions): Promise<string>;
  write(text: string, options: CallOptions): Promise<void>;
}

/** A configuration on the platform (`appliance-configs/OWNER/KEY`). */
export class PlatformConfigStore implements RemoteConfigStore {
  readonly place: string;
  readonly #calls: ConfigCalls;

  constructor({ calls, place }: { readonly calls: ConfigCalls; readonly place: string }) {
    this.place = place;
    this.#calls = calls;
  }

  async read(options: CallOptions): Promise<Uint8Array | undefined> {
    try {
      return new TextEncoder().encode(await this.#calls.read(options));
    } catch (thrown) {
      if (thrown instanceof SyncError && thrown.code === "PlatformConfigMissing") return undefined;
      throw thrown;
    }
  }

  async write(bytes: Uint8Array, options: CallOptions): Promise<void> {
    await this.#calls.write(new TextDecoder().decode(bytes), options);
  }
}

/** There is nothing where a remote configuration should be. */
export function remoteConfigMissing(place: string): SyncError {
  const message = `There is no remote configuration at "${place}"`;
  return new SyncError("destination", "RemoteConfigMissing", message, {
    hint: "Check `--remote-config-owner` and `--remote-config-key`, or write it with " +
      "`reinfer-ews config push FILE`",
  });
}
