import type { ItemDescription } from "../core/email.ts";
import type { CallOptions } from "../core/env.ts";
import type { Mailbox } from "../core/mailbox.ts";
import type { EwsClient } from "./client.ts";
import { getItemProperties } from "./operations/get_item_properties.ts";
import type { ItemAnswer } from "./operations/item_answer.ts";

/**
 * Describes up to 100 items in one request; a second one follows for those that turn out not to be
 * messages. Answers in order.
 */
export async function describeItems(
  client: EwsClient,
  mailbox: Mailbox,
  itemIds: readonly string[],
  options: CallOptions,
): Promise<readonly ItemAnswer<ItemDescription>[]> {
  const ask = async (ids: readonly string[], type: "message" | "any") =>
    (await client.attempt(mailbox, getItemProperties(ids, type), options)).value;
  const answers = await ask(itemIds, "message");
  const others = answers.filter(isOfAnotherType).map(({ itemId }) => itemId);
  if (others.length === 0) return answers;
  const byId = new Map((await ask(others, "any")).map((answer) => [answer.itemId, answer]));
  return answers.map((answer) => byId.get(answer.itemId) ?? answer);
}

function isOfAnotherType(answer: ItemAnswer<unknown>): boolean {
  return "error" in answer && answer.error.code === "ErrorInvalidPropertyRequest";
}
