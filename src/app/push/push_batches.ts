import { LIMITS } from "../../core/limits.ts";
import type { DamagedEmail, FoundEmail, StoredEmail } from "../../storage/stored_emails.ts";

/** Stored emails that are delivered together, next to each other in their order. */
export interface PushBatch {
  readonly emails: readonly StoredEmail[];
  /** Among them, found damaged without a look at their content. */
  readonly damaged: readonly DamagedEmail[];
  /** Position of the last of all these. */
  readonly until: string;
  /** Bytes it is expected to hold in memory while it is delivered. */
  readonly heldBytes: number;
}

/**
 * Cuts stored emails into batches by count and bytes. A large email goes alone, as a stream; no
 * batch has a key twice. Order is kept; nothing is lost or repeated. Reads ahead one email.
 */
export async function* pushBatchesOf(
  found: AsyncIterable<FoundEmail>,
  batchSize: number,
): AsyncGenerator<PushBatch, void> {
  let open = new OpenBatch();
  for await (const one of found) {
    if (!open.takes(one, batchSize)) {
      yield open.close();
      open = new OpenBatch();
    }
    open.add(one);
  }
  if (!open.isEmpty) yield open.close();
}

class OpenBatch {
  readonly #emails = new Map<string, StoredEmail>();
  readonly #damaged: DamagedEmail[] = [];
  #until = "";
  #heldBytes = 0;
  #isForOne = false;

  get isEmpty(): boolean {
    return this.#emails.size + this.#damaged.length === 0;
  }

  takes(one: FoundEmail, batchSize: number): boolean {
    if (this.isEmpty) return true;
    if (this.#emails.size + this.#damaged.length >= batchSize) return false;
    if (one.kind === "damaged") return true;
    return !this.#isForOne && !isStreamed(one) && !this.#emails.has(one.record.key) &&
      this.#heldBytes + heldBytesOf(one) <= LIMITS.batchBytesMax;
  }

  add(one: FoundEmail): void {
    this.#until = one.position;
    if (one.kind === "damaged") {
      this.#damaged.push(one);
      return;
    }
    this.#emails.set(one.record.key, one);
    this.#heldBytes += heldBytesOf(one);
    this.#isForOne = isStreamed(one);
  }

  close(): PushBatch {
    const emails = [...this.#emails.values()];
    return { emails, damaged: this.#damaged, until: this.#until, heldBytes: this.#heldBytes };
  }
}

/** A record as objects takes a few times its bytes. */
const RECORD_FACTOR = 3;

function heldBytesOf(email: StoredEmail): number {
  const { content, recordBytes } = email;
  const contentBytes = isStreamed(email) ? LIMITS.streamedMimeBytes : content.sizeBytes;
  return contentBytes + recordBytes * RECORD_FACTOR;
}

function isStreamed({ content }: StoredEmail): boolean {
  return content.sizeBytes > LIMITS.heldMimeBytesMax;
}
