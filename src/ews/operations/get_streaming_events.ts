import type { SyncError } from "../../core/errors.ts";
import type { Operation } from "../operation.ts";
import type { ResponseMessage } from "../response_message.ts";
import type { XmlNode } from "../xml.ts";
import { element, textElement } from "../xml_writer.ts";

export interface GetStreamingEventsRequest {
  /** 1 to 200 (Microsoft, "Maintain affinity between a group of subscriptions"). */
  readonly subscriptionIds: readonly string[];
  /** After this the server closes the connection, 1 to 30 minutes. */
  readonly connectionMinutes: number;
}

/** One message of the answer; one without anything in it shows that the server is still there. */
export interface StreamedMessage {
  /** Subscriptions that heard of something. */
  readonly notified: readonly string[];
  readonly failure?: SubscriptionFailure;
  /** The server ends the answer here, as it was asked to. */
  readonly closed: boolean;
}

export interface SubscriptionFailure {
  readonly error: SyncError;
  /** Whose failure it is; none: it is that of all on this connection. */
  readonly subscriptionIds: readonly string[];
}

/** GetStreamingEvents: an answer that goes on for as long as asked, message by message. */
export function getStreamingEvents(
  { subscriptionIds, connectionMinutes }: GetStreamingEventsRequest,
): Operation<StreamedMessage> {
  return {
    name: "GetStreamingEvents",
    reach: "mailbox",
    messagesExpected: 1,
    encode: () =>
      element(
        "m:GetStreamingEvents",
        {},
        element(
          "m:SubscriptionIds",
          {},
          ...subscriptionIds.map((id) => textElement("t:SubscriptionId", id)),
        ),
        textElement("m:ConnectionTimeout", connectionMinutes),
      ),
    decode: ([message]) => streamedMessageOf(message!),
  };
}

function streamedMessageOf({ node, error }: ResponseMessage): StreamedMessage {
  const failed = node.optionalNode("ErrorSubscriptionIds")?.nodes("SubscriptionId") ?? [];
  const notifications = node.optionalNode("Notifications")?.nodes("Notification") ?? [];
  return {
    notified: notifications.filter(hasHappened).map((it) => it.text("SubscriptionId").trim()),
    ...(error
      ? { failure: { error, subscriptionIds: failed.map((id) => id.content.trim()) } }
      : {}),
    closed: node.optionalText("ConnectionStatus")?.trim() === "Closed",
  };
}

/** A `StatusEvent` says that nothing has. */
function hasHappened(notification: XmlNode): boolean {
  return notification.children.some(({ name }) => name.endsWith("Event") && name !== "StatusEvent");
}
