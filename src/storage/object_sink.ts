import type { CallOptions, Env } from "../core/env.ts";
import { SyncError } from "../core/errors.ts";
import { LIMITS } from "../core/limits.ts";
import type { Mailbox } from "../core/mailbox.ts";
import type { MailboxSink, Sink } from "../core/ports.ts";
import { Semaphore } from "../core/semaphore.ts";
import { KeyedQueue } from "./keyed_queue.ts";
import { probeNameOf } from "./layout.ts";
import { ObjectMailboxSink } from "./object_mailbox_sink.ts";
import type { ObjectStore } from "./object_store.ts";

export interface ObjectSinkOptions {
  readonly store: ObjectStore;
  /** Bounds the emails being written at one time, whole process: `max_concurrent_uploads`. */
  readonly uploads: Semaphore;
  readonly env: Pick<Env, "entropy">;
}

/** Emails as two objects each, MIME content and record, in any object store (spec section 5). */
export class ObjectSink implements Sink {
  readonly #options: ObjectSinkOptions;
  readonly #reads = new Semaphore(LIMITS.fileCallsInFlight);
  /** Other processes may probe the store too; our own next probe clears what a failed one left. */
  readonly #probeName: string;
  readonly #queue = new KeyedQueue();

  constructor(options: ObjectSinkOptions) {
    this.#options = options;
    this.#probeName = probeNameOf(options.env.entropy.next());
  }

  async probe(options: CallOptions): Promise<void> {
    const name = this.#probeName;
    await this.#queue.run([name], () => this.#probe(name, options), options);
  }

  open(mailbox: Mailbox): Promise<MailboxSink> {
    const shared = { ...this.#options, reads: this.#reads, queue: this.#queue };
    return Promise.resolve(new ObjectMailboxSink(mailbox, shared));
  }

  async #probe(name: string, options: CallOptions): Promise<void> {
    const { store } = this.#options;
    const content = encoder.encode("probe\n");
    await store.replace(name, content, options);
    const found = await store.read(name, { ...options, bytesMax: content.byteLength });
    await store.remove(name, options);
    if (!found || decoder.decode(found) !== decoder.decode(content)) {
      throw new SyncError("destination", "ProbeMismatch", `Object "${name}" reads not as written`, {
        hint: "Check the storage for caches or other programs between writes and reads",
      });
    }
  }
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();
