import type { Operation } from "../operation.ts";
import { successOf } from "../response_message.ts";
import { element, textElement } from "../xml_writer.ts";

/** Unsubscribe: the server forgets a subscription, which it counts against a limit until then. */
export function unsubscribe(subscriptionId: string): Operation<void> {
  return {
    name: "Unsubscribe",
    reach: "mailbox",
    messagesExpected: 1,
    encode: () => element("m:Unsubscribe", {}, textElement("m:SubscriptionId", subscriptionId)),
    decode: ([message]) => void successOf(message),
  };
}
