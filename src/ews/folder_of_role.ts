import type { Mailbox } from "../core/mailbox.ts";
import type { EwsClientOptions } from "./client.ts";
import type { DistinguishedFolder } from "./operations/request_parts.ts";

/** The folder of a mailbox that has this role: a delegate has to say whose it is. */
export function folderOfRole(
  { address }: Mailbox,
  role: string,
  { accessType }: Pick<EwsClientOptions, "accessType">,
): DistinguishedFolder {
  return { name: role, owner: accessType === "delegate" ? address : undefined };
}
