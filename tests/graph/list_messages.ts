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
import { collection, type GraphCall, type Operation, pageOf, userPath } from "./operation.ts";
import { booleanOf, selectedOf, wholeNumberOf } from "./query_options.ts";

const PAGE_DEFAULT = 10;
const PAGE_MAX = 1000;

/** mailfolder-list-messages */
export const listMessages: Operation = {
  name: "listMessages",
  path: ["mailfolders", "*", "messages"],
  allowed: ["$select", "$expand", "$filter", "$orderby", "$top", "$skip", "$count"],
  answer(call) {
    const { mailbox, options, preferences } = call;
    const folder = folderNamed(mailbox, call.keys[0]!);
    const expansion = expansionOf(options.get("$expand"), true);
    const view = messageViewOf(call, expansion);
    const filterText = options.get("$filter");
    const filter = filterText === undefined ? undefined : messageFilterOf(filterText);
    const order = messageOrderOf(options.get("$orderby"), filter);
    if (options.has("$orderby") && folder.isUnsortable) throw ERRORS.timedOut();
    const found = sortedItems(mailbox.itemsOf(folder.id), order)
      .filter((item) => isMessage(item) && (filter?.fits(item) ?? true));
    const size = wholeNumberOf(options, "$top", { min: 1, max: PAGE_MAX }) ??
      Math.min(preferences.pageSize ?? PAGE_DEFAULT, PAGE_MAX);
    const skip = wholeNumberOf(options, "$skip", { min: 0, max: Infinity }) ?? 0;
    const path = `mailFolders('${graphId(folder.id)}')/messages`;
    const { entries, nextLink } = pageOf(call, found, { skip, size }, path);
    const count = booleanOf(options, "$count") ? found.length : undefined;
    const value = entries.map((item) => ({
      ...messageResource(item, view),
      ...attachmentResources(item, expansion.attachments, call),
    }));
    return collection(call, userPath(call, path), value, { nextLink, count });
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
