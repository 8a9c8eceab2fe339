import { emailIdOf, storageKeyOf } from "../../src/core/email.ts";
import { decodeMimeHeader } from "../../src/core/mime_header.ts";
import type { Item } from "../exchange/items.ts";
import { bytesOf } from "../exchange/mime_source.ts";

/** The key under which an email must be stored, told from the model alone. */
export function expectedKey(mailbox: string, item: Item): string {
  const header = item.mime && decodeMimeHeader(bytesOf(item.mime));
  return storageKeyOf(emailIdOf(mailbox, { ...item, header }), item.searchKey);
}
