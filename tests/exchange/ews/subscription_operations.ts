import type { Notifications, Streamed } from "../notifications.ts";
import { type Call, openMailbox, type Operation, ownMailbox } from "./call.ts";
import type { ContentReader } from "./content_reader.ts";
import { EwsError, NotModelled, SoapFault } from "./ews_errors.ts";
import { type FolderReference, openFolder, readFolderId } from "./folder_ids.ts";
import { idElement, textElement } from "./xml_text.ts";

const EVENT_TYPES = [
  "CopiedEvent",
  "CreatedEvent",
  "DeletedEvent",
  "ModifiedEvent",
  "MovedEvent",
  "NewMailEvent",
  "FreeBusyChangedEvent",
] as const;

/** SubscriptionIds of one connection: see Microsoft, "Maintain affinity ...". */
const SUBSCRIPTIONS_PER_CONNECTION_MAX = 200;

interface StreamingSubscription {
  readonly folders: readonly FolderReference[] | undefined;
  readonly types: readonly string[];
}

export const subscribe: Operation = {
  name: "Subscribe",
  read(request) {
    const asked = request.optional("m:StreamingSubscriptionRequest");
    if (!asked) throw new NotModelled("Subscriptions other than streaming ones");
    const subscription = readSubscription(asked);
    request.end();
    return [{ emptyContent: "", answer: (call) => [subscribed(call, subscription)] }];
  },
};

export const unsubscribe: Operation = {
  name: "Unsubscribe",
  read(request) {
    const id = request.required("m:SubscriptionId").text();
    request.end();
    return [{
      emptyContent: "",
      answer({ notifications, account }) {
        if (!notifications.unsubscribe(id, account.user)) throw notFound();
        return [];
      },
    }];
  },
};

/** Opens a connection; yields the content of its response messages as they come. */
export function getStreamingEvents(
  request: ContentReader,
): (call: Call) => AsyncIterable<StreamedMessage> {
  const subscriptionIds = request.required("m:SubscriptionIds").allOf(["t:SubscriptionId"])
    .map((id) => id.text());
  const timeout = request.required("m:ConnectionTimeout");
  const minutes = timeout.integer();
  if (minutes < 1 || minutes > 30) {
    timeout.refuseValue("StreamingSubscriptionConnectionTimeoutType");
  }
  request.end();
  return (call) => {
    if (subscriptionIds.length > SUBSCRIPTIONS_PER_CONNECTION_MAX) {
      throw new EwsError("ErrorInvalidSubscriptionRequest", "Too many subscriptions.");
    }
    const { notifications } = call;
    const connection = notifications.connect({ ...whoOf(call), subscriptionIds });
    if (!connection) {
      throw new SoapFault(
        "ErrorExceededConnectionCount",
        "You have exceeded the available concurrent connections for your account.",
      );
    }
    return messagesOf(notifications, connection);
  };
}

export interface StreamedMessage {
  readonly code: string;
  readonly content: string;
}

type Connection = NonNullable<ReturnType<Notifications["connect"]>>;

async function* messagesOf(
  notifications: Notifications,
  connection: Connection,
): AsyncGenerator<StreamedMessage> {
  for await (const streamed of notifications.stream(connection)) yield messageOf(streamed);
}

function messageOf(streamed: Streamed): StreamedMessage {
  switch (streamed.kind) {
    case "status":
      return { code: "NoError", content: textElement("m:ConnectionStatus", streamed.status) };
    case "failure": {
      const ids = streamed.subscriptionIds.map((id) => textElement("t:SubscriptionId", id));
      const content = `<m:ErrorSubscriptionIds>${ids.join("")}</m:ErrorSubscriptionIds>`;
      return { code: streamed.code, content };
    }
    case "events": {
      const notifications = streamed.events.map(({ subscriptionId, types, arrival, at }) => {
        const { itemId, folderId, from } = arrival;
        const content = textElement("t:TimeStamp", at.toISOString()) +
          idElement("t:ItemId", itemId) + idElement("t:ParentFolderId", folderId) +
          (from
            ? idElement("t:OldItemId", from.id) + idElement("t:OldParentFolderId", from.folderId)
            : "");
        const events = types.map((type) => `<t:${type}>${content}</t:${type}>`).join("");
        return `<t:Notification>${textElement("t:SubscriptionId", subscriptionId)}${events}` +
          "</t:Notification>";
      });
      return {
        code: "NoError",
        content: `<m:Notifications>${notifications.join("")}</m:Notifications>`,
      };
    }
  }
}

function readSubscription(asked: ContentReader): StreamingSubscription {
  const isAll = asked.attribute("SubscribeToAllFolders") === "true";
  const folders = asked.optional("t:FolderIds")
    ?.allOf(["t:FolderId", "t:DistinguishedFolderId"]).map(readFolderId);
  const types = asked.required("t:EventTypes").allOf(["t:EventType"])
    .map((type) => type.enumerated(EVENT_TYPES, "NotificationEventTypeType"));
  asked.end();
  return { folders: isAll ? undefined : folders, types };
}

function subscribed(call: Call, { folders, types }: StreamingSubscription): string {
  const opened = folders?.map((reference) => openFolder(call, reference));
  const [mailbox, ...others] = opened
    ? new Set(opened.map(({ mailbox }) => mailbox.address))
    : [ownMailbox(call).address];
  if (mailbox === undefined || others.length > 0) {
    throw new EwsError("ErrorInvalidSubscriptionRequest", "Subscribe to one mailbox at a time.");
  }
  openMailbox(call, mailbox);
  const id = call.notifications.subscribe({
    ...whoOf(call),
    mailbox,
    folderIds: opened?.map(({ folder }) => folder.id),
    types,
  });
  if (id === undefined) {
    throw new EwsError(
      "ErrorExceededSubscriptionCount",
      "You have exceeded the available subscriptions for your account.",
    );
  }
  return textElement("m:SubscriptionId", id);
}

function whoOf({ notifications, headers, account, impersonated }: Call) {
  return {
    owner: account.user,
    budget: impersonated ?? account.user,
    server: notifications.serverOf(headers),
  };
}

function notFound(): EwsError {
  return new EwsError("ErrorSubscriptionNotFound", "The specified subscription was not found.");
}
