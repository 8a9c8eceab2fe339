import { type Damage, type DamagedPart, isDamaged } from "../exchange/damage.ts";
import { attachmentPlaceOf, listedAttachments } from "../exchange/item_attachments.ts";
import { hasMimeForm } from "../exchange/item_classes.ts";
import type { Item } from "../exchange/items.ts";
import {
  attachmentPart,
  attachmentResource,
  attachmentResources,
  selectedOfAttachments,
} from "./attachment_resource.ts";
import { expansionOf } from "./expansion.ts";
import { ERRORS, GraphError } from "./graph_errors.ts";
import { exchangeId, graphId, itemNamed } from "./graph_ids.ts";
import { messageViewOf } from "./list_messages.ts";
import { isMessage, messageResource } from "./message_resource.ts";
import { collection, entity, type GraphCall, type Operation, userPath } from "./operation.ts";

/** message-get */
export const getMessage: Operation = {
  name: "getMessage",
  path: ["messages", "*"],
  allowed: ["$select", "$expand"],
  answer(call) {
    const expansion = expansionOf(call.options.get("$expand"), true);
    const view = messageViewOf(call, expansion);
    const item = messageNamed(call);
    const showsBody = ["body", "bodyPreview"].some((name) => view.selected?.has(name) ?? true);
    refuseDamaged(item, [
      ...(showsBody ? ["body" as const] : []),
      ...(expansion.attachments === undefined ? [] : ["attachments" as const]),
    ]);
    return entity(call, userPath(call, "messages"), {
      ...messageResource(item, view),
      ...attachmentResources(item, expansion.attachments, call),
    });
  },
};

/** outlook-get-mime-message: the MIME content byte for byte. */
export const getMessageValue: Operation = {
  name: "getMessageValue",
  path: ["messages", "*", "$value"],
  allowed: [],
  answer(call) {
    const item = messageNamed(call);
    refuseDamaged(item, ["mime"]);
    if (!item.mime || !hasMimeForm(item.itemClass)) {
      throw damaged({ code: "ErrorUnsupportedMimeConversion" });
    }
    const value = { mime: item.mime, mailbox: call.mailbox.address, item };
    return { value, contentType: "text/plain" };
  },
};

/** message-list-attachments */
export const listAttachments: Operation = {
  name: "listAttachments",
  path: ["messages", "*", "attachments"],
  allowed: ["$select"],
  answer(call) {
    const selected = selectedOfAttachments(call.options.get("$select") ?? "");
    const item = messageNamed(call);
    refuseDamaged(item, ["attachments"]);
    const value = listedAttachments(item)
      .map((_, index) => attachmentResource(item, index, selected, call));
    return collection(call, userPath(call, attachmentsPath(item)), value);
  },
};

/** attachment-get */
export const getAttachment: Operation = {
  name: "getAttachment",
  path: ["messages", "*", "attachments", "*"],
  allowed: ["$select"],
  answer(call) {
    const selected = selectedOfAttachments(call.options.get("$select") ?? "");
    const { item, index } = attachmentNamed(call);
    const resource = attachmentResource(item, index, selected, call);
    return entity(call, userPath(call, attachmentsPath(item)), resource);
  },
};

/** attachment-get: the content; of an attached email its MIME content. */
export const getAttachmentValue: Operation = {
  name: "getAttachmentValue",
  path: ["messages", "*", "attachments", "*", "$value"],
  allowed: [],
  answer(call) {
    const { item, index } = attachmentNamed(call);
    const { isItem, contentType } = listedAttachments(item)[index]!;
    return {
      value: attachmentPart(item, index, call),
      contentType: isItem ? "text/plain" : contentType,
    };
  },
};

function messageNamed({ mailbox, keys }: GraphCall): Item {
  const item = itemNamed(mailbox, keys[0]!);
  if (!isMessage(item)) throw ERRORS.itemNotFound();
  return item;
}

function attachmentNamed(call: GraphCall): { readonly item: Item; readonly index: number } {
  const item = messageNamed(call);
  const place = attachmentPlaceOf(exchangeId(call.keys[1]!));
  if (!place) throw ERRORS.idMalformed();
  const isOfItem = place.itemId === item.id || place.itemId === item.immutableId;
  if (!isOfItem || !listedAttachments(item)[place.index]) throw ERRORS.itemNotFound();
  refuseDamaged(item, ["attachments"]);
  return { item, index: place.index };
}

function attachmentsPath({ id }: Item): string {
  return `messages('${graphId(id)}')/attachments`;
}

function refuseDamaged({ damage }: Item, asked: readonly DamagedPart[]): void {
  if (damage && isDamaged(damage, asked)) throw damaged(damage);
}

/** These two are the caller's fault in Exchange's table of statuses, all others the server's. */
const BAD_REQUESTS: ReadonlySet<string> = new Set([
  "ErrorMessageSizeExceeded",
  "ErrorUnsupportedMimeConversion",
]);

function damaged({ code }: Pick<Damage, "code">): GraphError {
  const status = BAD_REQUESTS.has(code) ? 400 : 500;
  return new GraphError(status, code, "The item could not be converted or read.");
}
