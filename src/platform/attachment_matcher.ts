import type { AttachmentInfo } from "../core/email.ts";
import type { MimePartHeader } from "./mime_part_header.ts";

/**
 * Tells which attachment of the list that is sent with an email a leaf of its MIME content is. The
 * list is Exchange's, in its order, and so is the MIME content made of it; but parts of the text
 * have leaves, too, and attachments that are only references have none. So leaves are told by their
 * names, one after the other where several have one name, and a guess is not made: content under the
 * number of another attachment is worse than none.
 */
export class AttachmentMatcher {
  readonly #open: Map<number, AttachmentInfo>;

  constructor(attachments: readonly AttachmentInfo[]) {
    this.#open = new Map(attachments.entries());
  }

  /** Numbers in the list to which no leaf has come yet. */
  get unmatched(): readonly number[] {
    return [...this.#open.keys()];
  }

  /** The number of the leaf in the list, once; `undefined` if it is none of it. */
  take(part: MimePartHeader): number | undefined {
    const { fileName, mediaType } = part;
    const isMessage = mediaType === "message/rfc822";
    const index =
      (fileName === undefined
        ? undefined
        : this.#find(({ name }) => comparable(name) === comparable(fileName))) ??
        (isMessage ? this.#find(isOfMessage) : undefined);
    if (index !== undefined) this.#open.delete(index);
    return index;
  }

  #find(isIt: (attachment: AttachmentInfo) => boolean): number | undefined {
    for (const [index, attachment] of this.#open) if (isIt(attachment)) return index;
    return undefined;
  }
}

/** An attached message is named after its subject, which its leaf does not carry. */
function isOfMessage({ contentType }: AttachmentInfo): boolean {
  return contentType === "" || contentType.toLowerCase() === "message/rfc822";
}

function comparable(name: string): string {
  return name.normalize("NFC").trim().toLowerCase();
}
