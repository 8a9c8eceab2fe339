import { LIMITS } from "../../src/core/limits.ts";
import type { HttpRequest } from "../../src/http/transport.ts";
import { AccessRights, type Account } from "../exchange/access_rights.ts";
import { exchangeService } from "../exchange/ews/exchange_service.ts";
import { faultedAnswer } from "../exchange/faulted_answer.ts";
import type { Fault } from "../exchange/faults.ts";
import type { MailboxStore } from "../exchange/mailbox_store.ts";
import type { InProcessServer, NamedDelay } from "./simulated_network.ts";

export interface ExchangeOptions {
  readonly store: MailboxStore;
  /** Chooses how it fails the next request of this operation; absent: it does not. */
  readonly fault: (operation: string) => Fault | undefined;
}

const ACCOUNT: Account = {
  user: "svc",
  domain: "CORP",
  principalName: "svc@corp.example",
  password: "unused",
};

/** The simulated Exchange, for an account that impersonates. */
export function exchangeInProcess({ store, fault }: ExchangeOptions): InProcessServer {
  const rights = new AccessRights();
  rights.grantImpersonation(ACCOUNT);
  const service = exchangeService({ store, rights, product: "Exchange2019" });
  return {
    requestsMax: LIMITS.requestsInFlightMax,
    mailboxOf,
    budgetOf: () => "everyone",
    answer: async (request) => {
      const { operation, body } = read(request);
      const next = () =>
        service.handle({
          account: ACCOUNT,
          headers: new Map(Object.entries(request.headers)),
          body,
        });
      const failing = fault(operation);
      if (!failing) return { ...next(), delays: [] };
      const answer = await faultedAnswer(failing, { operation, body }, next);
      return { ...answer, delays: delaysIn(failing, mailboxOf(request)) };
    },
  };
}

function read(request: HttpRequest): { readonly operation: string; readonly body: string } {
  const body = new TextDecoder().decode(request.body);
  const [, operation = ""] = /<\w+:Body>\s*<\w+:(\w+)/.exec(body) ?? [];
  return { operation, body };
}

function mailboxOf({ headers }: HttpRequest): string {
  return headers["x-anchormailbox"] ?? "";
}

function delaysIn(fault: Fault, mailbox: string): readonly NamedDelay[] {
  const delayMs = "values" in fault ? Number(fault.values.BackOffMilliseconds ?? 0) : 0;
  return delayMs > 0 ? [{ budget: mailbox, delayMs }] : [];
}
