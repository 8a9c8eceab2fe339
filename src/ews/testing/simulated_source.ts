import { AccessRights, type Account } from "../../../tests/exchange/access_rights.ts";
import { exchangeService } from "../../../tests/exchange/ews/exchange_service.ts";
import type { ServerProduct } from "../../../tests/exchange/ews/server_version.ts";
import type { FailedRequest } from "../../../tests/exchange/faulted_answer.ts";
import type { HttpAnswer } from "../../../tests/exchange/http_server.ts";
import { MailboxStore } from "../../../tests/exchange/mailbox_store.ts";
import { seededEntropy } from "../../../tests/exchange/seeded_entropy.ts";
import type { Mailbox } from "../../core/mailbox.ts";
import type { FolderOf } from "../../core/ports.ts";
import type { HttpResponse, HttpTransport } from "../../http/transport.ts";
import { testEnv } from "../../source/testing/test_env.ts";
import { EwsClient, type EwsClientOptions } from "../client.ts";
import { createExchangeSource } from "../exchange_source.ts";

const ACCOUNT: Account = {
  user: "svc",
  domain: "CORP",
  principalName: "svc@corp.example",
  password: "unused",
};

export const ALICE = mailboxOf("alice@corp.example");
export const BOB = mailboxOf("bob@corp.example");

function mailboxOf(address: string): Mailbox {
  return { address, bucket: { owner: "o", name: "n" }, startFrom: "bucket" };
}

export interface SimulatedSourceOptions {
  readonly product?: ServerProduct;
  readonly accessType?: EwsClientOptions["accessType"];
  /** Stands before the service: may answer in its place, or change its answer. */
  readonly intercept?: (
    request: FailedRequest,
    next: () => HttpAnswer,
  ) => HttpAnswer | Promise<HttpAnswer>;
}

/**
 * The source as it is shipped before a simulated Exchange with Alice's and Bob's mailboxes, on
 * virtual time and without a socket. Requests are kept as text.
 */
export function simulatedSource(
  {
    product = "Exchange2019",
    accessType = "impersonation",
    intercept = (_request, next) => next(),
  }: SimulatedSourceOptions = {},
) {
  const env = testEnv();
  const { clock } = env;
  const store = new MailboxStore({ clock, entropy: seededEntropy(1) });
  const mailbox = store.addMailbox(ALICE.address);
  store.addMailbox(BOB.address);
  const rights = new AccessRights();
  rights.grantImpersonation(ACCOUNT);
  rights.grantFullAccess(ACCOUNT, ALICE.address);
  let service = exchangeService({ store, rights, product });
  const requests: string[] = [];
  const transport: HttpTransport = {
    async send({ headers, body }) {
      const text = new TextDecoder().decode(body);
      requests.push(text);
      const asked = { account: ACCOUNT, headers: new Map(Object.entries(headers)), body: text };
      const operation = /<m:(\w+)/.exec(text)?.[1];
      const next = () => service.handle(asked);
      return responseOf(await intercept({ operation, body: text }, next));
    },
  };
  const endpoint = new URL("https://exchange.corp.example/EWS/Exchange.asmx");
  const options = { transport, endpoint, accessType, env };
  return {
    mailbox,
    source: createExchangeSource(options),
    client: new EwsClient(options),
    requests,
    clock,
    /** The same mailboxes on a server of another version. */
    upgrade: (product: ServerProduct) => {
      service = exchangeService({ store, rights, product });
    },
    run: <T>(work: Promise<T>) => clock.runUntil(work),
    /** A folder by its role, as the source is asked for it. */
    folder: (role: Parameters<typeof mailbox.distinguishedFolder>[0]): FolderOf => {
      const { id } = mailbox.distinguishedFolder(role);
      return { mailbox: ALICE, folder: { id, path: mailbox.pathOf(id) } };
    },
  };
}

function responseOf({ status, headers, body }: HttpAnswer): HttpResponse {
  const fields = Object.entries(headers).map(([name, value]) => [name, String(value)] as const);
  const bytes = typeof body === "string"
    ? ReadableStream.from([new TextEncoder().encode(body)])
    : body;
  return { status, headers: new Map(fields), body: bytes };
}
