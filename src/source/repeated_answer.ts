import { createHash } from "node:crypto";
import { LIMITS } from "../core/limits.ts";

/**
 * The last answer to a question that is asked again and again, such as for the folders of an idle
 * mailbox: the same bytes are not parsed again. Of a large answer nothing is remembered.
 */
export class RepeatedAnswer<T> {
  #last: { readonly digest: string; readonly value: T } | undefined;

  /** What `read` makes of these bytes, now or the last time. Throws what `read` throws. */
  read(answer: Uint8Array, read: () => T): T {
    const digest = createHash("sha256").update(answer).digest("base64");
    if (this.#last?.digest === digest) return this.#last.value;
    const value = read();
    const isSmall = answer.length <= LIMITS.rememberedAnswerBytesMax;
    this.#last = isSmall ? { digest, value } : undefined;
    return value;
  }
}
