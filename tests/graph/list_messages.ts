import { sortedItems } from "../exchange/sorted_items.ts";
import { attachmentResources } from "./attachment_resource.ts";
import { type Expansion, expansionOf } from "./expansion.ts";
import { ERRORS } from "./graph_errors.ts";
import { folderNamed, graphId } from "./graph_ids.ts";
import { messageFilterOf, messageOrderOf } from "./message_filter.ts";
import {
  isMessage,
  isMessageProperty,
  messageResource,
  type MessageView,
} from "./message_resource.ts";
import type { GraphCall, Operation } from "./operation.ts";
import { pagedCollection } from "./paged_collection.ts";
import { selectedOf } from "./query_options.ts";

/** mailfolder-list-messages */
export const listMessages: Operation = {
  name: "listMessages",
  path: ["mailfolders", "*", "messages"],
  allowed: ["$select", "$expand", "$filter", "$orderby", "$top", "$skip", "$count"],
  answer(call) {
    const { mailbox, options } = call;
    const folder = folderNamed(mailbox, call.keys[0]!);
    const expansion = expansionOf(options.get("$expand"), true);
    const view = messageViewOf(call, expansion);
    const filterText = options.get("$filter");
    const filter = filterText === undefined ? undefined : messageFilterOf(filterText);
    const order = messageOrderOf(options.get("$orderby"), filter);
    if (options.has("$orderby") && folder.isUnsortable) throw ERRORS.timedOut();
    const found = sortedItems(mailbox.itemsOf(folder.id), order)
      .filter((item) => isMessage(item) && (filter?.fits(item) ?? true));
    const path = `mailFolders('${graphId(folder.id)}')/messages`;
    return pagedCollection(call, path, found, (item) => ({
      ...messageResource(item, view),
      ...attachmentResources(item, expansion.attachments, call),
    }));
  },
};

/** Throws `GraphError` where `$select` is not in order. */
export function messageViewOf(
  { mailbox, options, preferences }: GraphCall,
  { extended }: Expansion,
): MessageView {
  const selected = selectedOf(options, "message", isMessageProperty);
  return { mailbox, ...preferences, selected, extended };
}
