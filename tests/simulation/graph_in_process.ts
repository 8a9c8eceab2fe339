import type { Clock, Entropy } from "../../src/core/env.ts";
import type { HttpRequest } from "../../src/http/transport.ts";
import { Ledger } from "../exchange/ledger.ts";
import type { MailboxStore } from "../exchange/mailbox_store.ts";
import { AppPermissions } from "../graph/app_permissions.ts";
import { faultedGraphAnswer } from "../graph/faulted_graph_answer.ts";
import { graphConnection, type GraphFrontEnd } from "../graph/graph_connection.ts";
import type { GraphFault } from "../graph/graph_faults.ts";
import { graphService } from "../graph/graph_service.ts";
import { MailboxLimits, PUBLISHED_LIMITS } from "../graph/mailbox_limits.ts";
import type { InProcessServer, NamedDelay } from "./simulated_network.ts";

export interface GraphOptions {
  readonly store: MailboxStore;
  readonly clock: Clock;
  readonly entropy: Entropy;
  /** Chooses how it fails the next request of this operation; absent: it does not. */
  readonly fault: (operation: string) => GraphFault | undefined;
}

export const GRAPH_ORIGIN = "https://graph.microsoft.com";

/** Nothing of it may come up in a log. */
export const GRAPH_TOKEN = "the-access-token-of-the-simulation";

/** The simulated Graph, for an application that is signed in. */
export function graphInProcess(options: GraphOptions): InProcessServer {
  const { concurrentMax } = PUBLISHED_LIMITS;
  const frontEnd = frontEndOf(options);
  return {
    requestsMax: concurrentMax,
    mailboxOf,
    budgetOf: (mailbox) => mailbox,
    answer: async (request) => {
      const delays: NamedDelay[] = [];
      let isReadable = true;
      const intercept: GraphFrontEnd["intercept"] = async ({ operation, mailbox }, next) => {
        const failing = options.fault(operation);
        if (!failing) return next();
        const answer = await faultedGraphAnswer(failing, next);
        // Half an answer or none among others makes all of a batch unreadable.
        isReadable &&= failing.place !== "truncated" &&
          !(failing.place === "http" && failing.body === "");
        if (!isReadable) delays.length = 0;
        else if (mailbox !== undefined) delays.push(...delaysIn(failing, mailbox));
        return answer;
      };
      return { ...await graphConnection(1, { ...frontEnd, intercept })(asServed(request)), delays };
    },
  };
}

function frontEndOf({ store, clock, entropy }: GraphOptions): GraphFrontEnd {
  const ledger = new Ledger(clock);
  const permissions = new AppPermissions();
  return {
    service: graphService({ store, permissions, observeMime: (part) => ledger.observeMime(part) }),
    ledger,
    limits: new MailboxLimits(clock, PUBLISHED_LIMITS),
    clock,
    entropy,
    authority: {
      judge: (token) => token === GRAPH_TOKEN ? "accepted" : "unknown",
      audienceOf: () => GRAPH_ORIGIN,
    },
    audiences: [GRAPH_ORIGIN],
    latencyMs: 0,
    intercept: undefined,
    signal: new AbortController().signal,
  };
}

/** The request as it arrives: signed in, as a transport does it. */
function asServed({ method, url, headers, body }: HttpRequest) {
  const fields = { ...headers, host: url.host, authorization: `Bearer ${GRAPH_TOKEN}` };
  return {
    method,
    target: `${url.pathname}${url.search}`,
    headers: new Map(Object.entries(fields)),
    body: body ?? new Uint8Array(),
    keepAlive: true,
  };
}

/** In a path of ours or in a link of Graph's, which writes keys in brackets. A batch is of one mailbox. */
function mailboxOf({ url, body }: HttpRequest): string {
  const text = body ? new TextDecoder().decode(body) : url.pathname;
  const [, address = ""] = /\/users(?:\/|\(')([^/?"']+)/.exec(text) ?? [];
  return decodeURIComponent(address);
}

function delaysIn(fault: GraphFault, mailbox: string): readonly NamedDelay[] {
  const delayS = "headers" in fault ? Number(fault.headers["Retry-After"] ?? 0) : 0;
  return delayS > 0 ? [{ budget: mailbox, delayMs: delayS * 1_000 }] : [];
}
