import { SyncError } from "../../core/errors.ts";
import type { Operation } from "../operation.ts";
import { successOf } from "../response_message.ts";
import { element, textElement } from "../xml_writer.ts";

/**
 * GetAttachment for the content of one attachment: a file's bytes, or an attached item as MIME. The
 * content is taken out of the answer as it arrives (see `mime_splitter.ts`).
 */
export function getAttachment(
  { id, isItem }: { readonly id: string; readonly isItem: boolean },
): Operation<void> {
  return {
    name: "GetAttachment",
    reach: "item",
    messagesExpected: 1,
    contentElements: [isItem ? "MimeContent" : "Content"],
    encode: () =>
      element(
        "m:GetAttachment",
        {},
        element("m:AttachmentShape", {}, textElement("t:IncludeMimeContent", true)),
        element("m:AttachmentIds", {}, element("t:AttachmentId", { Id: id })),
      ),
    decode: ([message]) => {
      const [attachment] = successOf(message).node("Attachments").children;
      if (!attachment) throw missing();
    },
  };
}

function missing(): SyncError {
  return new SyncError("item", "AttachmentMissing", "Exchange reports success but no attachment");
}
