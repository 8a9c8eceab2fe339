import { answerBytes, type MimeObserver, type MimePart } from "../exchange/answer_bytes.ts";
import type { MailboxStore } from "../exchange/mailbox_store.ts";
import type { SimulatedMailbox } from "../exchange/simulated_mailbox.ts";
import type { AppPermissions } from "./app_permissions.ts";
import { folderDelta } from "./folder_delta.ts";
import {
  getAttachment,
  getAttachmentValue,
  getMessage,
  getMessageValue,
  listAttachments,
} from "./get_message.ts";
import { ERRORS, NotModelled } from "./graph_errors.ts";
import { folderNamed, itemNamed } from "./graph_ids.ts";
import { getMailFolder, listChildFolders, listMailFolders } from "./list_folders.ts";
import { listMessages } from "./list_messages.ts";
import { messageDelta } from "./message_delta.ts";
import type { Operation } from "./operation.ts";
import { appliedPreferences, preferencesIn } from "./preferences.ts";
import { queryOptionsOf } from "./query_options.ts";
import { resourcePathOf } from "./resource_path.ts";

export interface ServiceOptions {
  readonly store: MailboxStore;
  readonly permissions: AppPermissions;
  /** Told of every MIME content as it goes out. */
  readonly observeMime: (part: MimePart) => MimeObserver;
}

/** A request whose operation is known. */
export interface RoutedRequest {
  readonly operation: Operation;
  readonly user: string;
  readonly keys: readonly string[];
  /** The folder the URL names around a message. */
  readonly folderKey: string | undefined;
  readonly query: string;
}

export interface ServiceAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: AsyncIterable<Uint8Array>;
  /** Resources in the answer. */
  readonly items: number;
}

export interface GraphService {
  /** Throws `GraphError`. */
  handle(
    routed: RoutedRequest,
    request: { readonly headers: ReadonlyMap<string, string>; readonly origin: string },
  ): ServiceAnswer;
  /** Address of the mailbox a user has; undefined where there is none. */
  addressOf(user: string): string | undefined;
}

/** The first that fits counts: `delta` is no folder's id. */
const OPERATIONS: readonly Operation[] = [
  listMailFolders,
  folderDelta,
  getMailFolder,
  listChildFolders,
  listMessages,
  messageDelta,
  getMessage,
  getMessageValue,
  listAttachments,
  getAttachment,
  getAttachmentValue,
];

export const JSON_TYPE =
  "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;" +
  "charset=utf-8";

/** Finds the operation a request is for. Throws `GraphError`. */
export function routed(method: string, target: string): RoutedRequest {
  const { segments, query } = resourcePathOf(target);
  const [first, user, ...below] = segments;
  if (first?.toLowerCase() === "me") {
    throw ERRORS.badRequest("/me request is only valid with delegated authentication flow.");
  }
  if (first?.toLowerCase() !== "users" || !user) throw new NotModelled(`the path of ${target}`);
  const { folderKey, path } = withoutFolder(below);
  const operation = OPERATIONS.find((candidate) => fits(candidate, path));
  if (!operation) throw new NotModelled(`the path of ${target}`);
  if (method !== "GET") throw new NotModelled(`${method} for ${operation.name}`);
  const keys = path.filter((_, index) => operation.path[index] === "*");
  return { operation, user, keys, folderKey, query };
}

/** `mailFolders/x/messages/y` is `messages/y`, provided that it lies there. */
function withoutFolder(below: readonly string[]) {
  const [folders, folderKey, messages, message] = below;
  const isInFolder = folders?.toLowerCase() === "mailfolders" &&
    messages?.toLowerCase() === "messages" && message !== undefined && message !== "delta";
  return isInFolder ? { folderKey, path: below.slice(2) } : { folderKey: undefined, path: below };
}

function fits({ path }: Operation, segments: readonly string[]): boolean {
  return path.length === segments.length &&
    path.every((name, index) => name === "*" || name === segments[index]!.toLowerCase());
}

/**
 * Microsoft Graph's mail API over a store: request in, answer out, no socket anywhere. What Graph
 * would refuse is refused as Graph does; what is not modelled is HTTP 501, never an imitation.
 */
export function graphService(options: ServiceOptions): GraphService {
  const { store, permissions, observeMime } = options;
  const mailboxOf = (user: string) =>
    store.mailbox(user) ??
      store.mailboxes().find(({ ids }) => ids.mailboxGuid === user.toLowerCase());
  return {
    addressOf: (user) => mailboxOf(user)?.address,
    handle({ operation, user, keys, folderKey, query }, { headers, origin }) {
      const mailbox = opened(mailboxOf(user), user, permissions);
      if (folderKey !== undefined) requireIn(mailbox, folderKey, keys[0]!);
      const preferences = preferencesIn(headers);
      const call = {
        mailbox,
        user,
        keys,
        origin,
        options: queryOptionsOf(query, operation),
        preferences,
      };
      const content = operation.answer(call);
      const applied = appliedPreferences(preferences);
      const isJson = "parts" in content;
      return {
        status: 200,
        headers: {
          "Content-Type": isJson ? JSON_TYPE : content.contentType,
          ...(applied ? { "Preference-Applied": applied } : {}),
        },
        body: isJson
          ? answerBytes(content.parts, observeMime)
          : bytesOf(content.value, observeMime),
        items: isJson ? content.items : 1,
      };
    },
  };
}

function opened(
  mailbox: SimulatedMailbox | undefined,
  user: string,
  permissions: AppPermissions,
): SimulatedMailbox {
  if (!mailbox) throw ERRORS.invalidUser(user);
  if (!permissions.isLicensed(mailbox.address)) throw ERRORS.noMailbox();
  if (!permissions.mayRead(mailbox.address)) throw ERRORS.accessDenied();
  return mailbox;
}

function requireIn(mailbox: SimulatedMailbox, folderKey: string, itemKey: string): void {
  const folder = folderNamed(mailbox, folderKey);
  if (itemNamed(mailbox, itemKey).folderId !== folder.id) throw ERRORS.itemNotFound();
}

/** Content as it is, made while it is sent. */
async function* bytesOf(
  part: MimePart,
  observe: (part: MimePart) => MimeObserver,
): AsyncGenerator<Uint8Array> {
  const observer = observe(part);
  for (const chunk of part.mime.chunks()) {
    observer.chunk(chunk);
    yield await Promise.resolve(chunk);
  }
  observer.done();
}
