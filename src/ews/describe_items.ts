import type { ItemDescription } from "../core/email.ts";
import type { CallOptions } from "../core/env.ts";
import type { Mailbox } from "../core/mailbox.ts";
import type { ItemAnswer } from "../source/item_answer.ts";
import type { EwsClient } from "./client.ts";
import { getItemProperties, type ItemProperties } from "./operations/get_item_properties.ts";

/** What is asked for, and what instead for items of a type that does not have all of it. */
const WITHOUT_PARTICIPANTS = ["message", "any"] as const;
const WITH_PARTICIPANTS = ["messageWithParticipants", "postWithAuthors", "any"] as const;

/**
 * Describes up to 100 items in one request; further ones follow for those that turn out not to be
 * messages. Answers in order. Participants are asked for only where the mailbox has lists of them;
 * mail that cannot have any counts as mail of unknown ones.
 */
export async function describeItems(
  client: EwsClient,
  mailbox: Mailbox,
  itemIds: readonly string[],
  options: CallOptions,
): Promise<readonly ItemAnswer<ItemDescription>[]> {
  if (!mailbox.participants) {
    return await askInTurn(client, mailbox, itemIds, WITHOUT_PARTICIPANTS, options);
  }
  const answers = await askInTurn(client, mailbox, itemIds, WITH_PARTICIPANTS, options);
  return answers.map((answer) => "error" in answer ? answer : withSomeParticipants(answer));
}

async function askInTurn(
  client: EwsClient,
  mailbox: Mailbox,
  itemIds: readonly string[],
  [first, ...others]: readonly ItemProperties[],
  options: CallOptions,
): Promise<readonly ItemAnswer<ItemDescription>[]> {
  if (!first) return [];
  const { value } = await client.attempt(mailbox, getItemProperties(itemIds, first), options);
  const refused = value.filter(isOfAnotherType).map(({ itemId }) => itemId);
  if (refused.length === 0 || others.length === 0) return value;
  const again = await askInTurn(client, mailbox, refused, others, options);
  const byId = new Map(again.map((answer) => [answer.itemId, answer]));
  return value.map((answer) => byId.get(answer.itemId) ?? answer);
}

function isOfAnotherType(answer: ItemAnswer<unknown>): boolean {
  return "error" in answer && answer.error.code === "ErrorInvalidPropertyRequest";
}

function withSomeParticipants(
  { itemId, value }: ItemAnswer<ItemDescription> & { readonly value: ItemDescription },
): ItemAnswer<ItemDescription> {
  if (value.participants || !value.isMail) return { itemId, value };
  return { itemId, value: { ...value, participants: { addresses: [], unresolved: true } } };
}
