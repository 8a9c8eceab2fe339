import type { CallOptions, Logger } from "../core/env.ts";
import type { BlobContainer } from "./blob_container.ts";
import { hasCode } from "./blob_errors.ts";
import type { MailboxLease } from "./mailbox_lease.ts";

/** A mailbox this process holds. */
export interface HeldBlobsOptions {
  readonly container: BlobContainer;
  readonly lease: MailboxLease;
  /** Written beside every content, to know our own work again. */
  readonly writer: string;
  readonly log: Logger;
}

/** Name of the metadata field that says who wrote a blob. */
const WRITER = "writer";
/** A write whose answer was lost looks like somebody else's until it is looked at. */
const ATTEMPTS_MAX = 3;

/**
 * The blobs beside a lock, which only its holder writes. Every write is made while the lease is ours,
 * and names the ETag that this holder has seen last: after its lease was lost unnoticed, what the
 * next holder wrote has another one, and the service refuses.
 *
 * Whoever holds the lease can be refused, too: its own write was done and the answer lost, or the
 * holder before was late. Then it is in its right, and writes over what is there.
 */
export class HeldBlobs {
  readonly #options: HeldBlobsOptions;
  /** The last ETag seen of each name; `undefined` where there was no blob. */
  readonly #etags = new Map<string, string | undefined>();

  constructor(options: HeldBlobsOptions) {
    this.#options = options;
  }

  /** Notes what a read found. What is known by a write of ours, or an earlier read, stays. */
  seen(name: string, etag: string | undefined): void {
    if (!this.#etags.has(name)) this.#etags.set(name, etag);
  }

  /** Creates or replaces a blob. Rejects as `MailboxLease.confirm` does once another has the lease. */
  async replace(name: string, content: Uint8Array, { signal }: CallOptions): Promise<void> {
    const { container, writer } = this.#options;
    await this.#guarded(name, { signal }, async (conditions) => {
      const metadata = { [WRITER]: writer };
      this.#etags.set(name, await container.put(name, content, { signal, conditions, metadata }));
    });
  }

  /** Removes a blob; rejects as `replace` does. */
  async remove(name: string, { signal }: CallOptions): Promise<void> {
    const { container } = this.#options;
    await this.#guarded(name, { signal }, async (conditions) => {
      // Nothing to remove, as far as this holder knows; what another one made is not ours to remove.
      if ("ifNoneMatch" in conditions) return;
      await container.remove(name, { signal, conditions });
      this.#etags.set(name, undefined);
    });
  }

  /** Gives a blob another name. */
  async rename(from: string, to: string, { signal }: CallOptions): Promise<void> {
    const { container, lease } = this.#options;
    await lease.confirm({ signal });
    await container.copy(from, to, { signal });
    await this.remove(from, { signal });
  }

  async #guarded(
    name: string,
    { signal }: CallOptions,
    write: (conditions: WriteConditions) => Promise<void>,
  ): Promise<void> {
    const { lease } = this.#options;
    for (let attempt = 1;; attempt++) {
      await lease.confirm({ signal });
      const etag = this.#etags.get(name);
      try {
        return await write(etag === undefined ? { ifNoneMatch: "*" } : { ifMatch: etag });
      } catch (thrown) {
        const isRefused = hasCode(thrown, "ConditionNotMet", "BlobAlreadyExists");
        if (!isRefused || attempt === ATTEMPTS_MAX) throw thrown;
        await this.#lookAnew(name, { signal });
      }
    }
  }

  async #lookAnew(name: string, { signal }: CallOptions): Promise<void> {
    const { container, writer, log } = this.#options;
    const facts = await container.look(name, { signal });
    this.#etags.set(name, facts?.etag);
    if (!facts || facts.metadata[WRITER] === writer) return;
    log.warn("A state was written by somebody who does not hold the mailbox; it is replaced.", {
      file: name,
    });
  }
}

type WriteConditions = { readonly ifNoneMatch: "*" } | { readonly ifMatch: string };
