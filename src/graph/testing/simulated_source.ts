import { Ledger } from "../../../tests/exchange/ledger.ts";
import type { HttpAnswer } from "../../../tests/exchange/http_server.ts";
import { MailboxStore } from "../../../tests/exchange/mailbox_store.ts";
import { seededEntropy } from "../../../tests/exchange/seeded_entropy.ts";
import { AppPermissions } from "../../../tests/graph/app_permissions.ts";
import {
  graphConnection,
  type GraphIntercept,
  type InterceptedGraphRequest,
} from "../../../tests/graph/graph_connection.ts";
import { graphId } from "../../../tests/graph/graph_ids.ts";
import { graphService } from "../../../tests/graph/graph_service.ts";
import { MailboxLimits, PUBLISHED_LIMITS } from "../../../tests/graph/mailbox_limits.ts";
import type { CallOptions } from "../../core/env.ts";
import type { Mailbox } from "../../core/mailbox.ts";
import type { FolderOf } from "../../core/ports.ts";
import type { HttpRequest, HttpResponse, HttpTransport } from "../../http/transport.ts";
import { testEnv } from "../../source/testing/test_env.ts";
import { GraphClient } from "../graph_client.ts";
import { createGraphSource } from "../graph_source.ts";

export const ENDPOINT = new URL("https://graph.example");
export const ALICE = mailboxOf("alice@corp.example");
export const BOB = mailboxOf("bob@corp.example");

const AUDIENCE = ENDPOINT.origin;
const ALLOWED = { ...ALICE, participants: { allow: { addresses: [], domains: ["x.example"] } } };

function mailboxOf(address: string): Mailbox {
  return { address, bucket: { owner: "o", name: "n" }, startFrom: "bucket" };
}

/** Alice's mailbox where lists of participants are configured. */
export const ALICE_WITH_LISTS: Mailbox = ALLOWED;

/**
 * The source as it is shipped before a simulated Graph with Alice's and Bob's mailboxes, on virtual
 * time and without a socket. `intercept` stands before the service.
 */
export function simulatedSource(intercept?: GraphIntercept) {
  const env = testEnv();
  const { clock } = env;
  const store = new MailboxStore({ clock, entropy: seededEntropy(1) });
  const mailbox = store.addMailbox(ALICE.address);
  store.addMailbox(BOB.address);
  const permissions = new AppPermissions();
  const limits = new MailboxLimits(clock, PUBLISHED_LIMITS);
  const asked: InterceptedGraphRequest[] = [];
  const ledger = new Ledger(clock);
  const handle = graphConnection(1, {
    service: graphService({ store, permissions, observeMime: (part) => ledger.observeMime(part) }),
    ledger,
    limits,
    clock,
    entropy: seededEntropy(2),
    authority: { judge: () => "accepted", audienceOf: () => AUDIENCE },
    audiences: [AUDIENCE],
    latencyMs: 0,
    intercept: (request, next) => {
      asked.push(request);
      return intercept ? intercept(request, next) : next();
    },
    signal: new AbortController().signal,
  });
  const requests: HttpRequest[] = [];
  const transport: HttpTransport = {
    async send(request, { signal }) {
      signal.throwIfAborted();
      requests.push(request);
      const { url, method, headers, body = new Uint8Array() } = request;
      const fields = { host: url.host, authorization: "Bearer token", ...headers };
      const answer = await handle({
        method,
        target: url.pathname + url.search,
        headers: new Map(Object.entries(fields)),
        body,
        keepAlive: true,
      });
      return responseOf(answer, { signal });
    },
  };
  const options = { transport, endpoint: ENDPOINT, env };
  return {
    env,
    clock,
    mailbox,
    permissions,
    limits,
    source: createGraphSource(options),
    /** A source that has just been started, as after a restart of the process. */
    restarted: () => createGraphSource(options),
    client: new GraphClient(options),
    /** What was sent, a batch as one. */
    requests,
    /** What arrived, each request of a batch as one of its own, and the batch. */
    asked,
    run: <T>(work: Promise<T>) => clock.runUntil(work),
    /** A folder by its role, as the source is asked for it. */
    folder: (role: Parameters<typeof mailbox.distinguishedFolder>[0]): FolderOf =>
      at(mailbox.distinguishedFolder(role).id),
    at,
  };

  function at(folderId: string): FolderOf {
    return {
      mailbox: ALICE,
      folder: { id: graphId(folderId), path: mailbox.pathOf(folderId) },
    };
  }
}

function responseOf({ status, headers, body }: HttpAnswer, options: CallOptions): HttpResponse {
  const fields = Object.entries(headers)
    .map(([name, value]) => [name.toLowerCase(), String(value)] as const);
  return { status, headers: new Map(fields), body: bytesOf(body, options) };
}

async function* bytesOf(
  body: HttpAnswer["body"],
  { signal }: CallOptions,
): AsyncGenerator<Uint8Array> {
  if (typeof body === "string") return yield new TextEncoder().encode(body);
  for await (const chunk of body) {
    signal.throwIfAborted();
    yield chunk;
  }
}
