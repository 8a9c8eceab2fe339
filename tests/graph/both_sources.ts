import type { Env } from "../../src/core/env.ts";
import type { Mailbox } from "../../src/core/mailbox.ts";
import type { MailSource, MailSurvey } from "../../src/core/ports.ts";
import { Secret } from "../../src/core/secret.ts";
import { createExchangeSource } from "../../src/ews/exchange_source.ts";
import { createGraphSource } from "../../src/graph/graph_source.ts";
import { CredentialGate } from "../../src/http/credential_gate.ts";
import { createMsalTokenSource } from "../../src/http/msal_tokens.ts";
import { createOauthTransport } from "../../src/http/oauth_transport.ts";
import {
  type SimulatedAuthority,
  startSimulatedAuthority,
} from "../authority/simulated_authority.ts";
import { HastyClock } from "../azure/hasty_clock.ts";
import { quietEnv } from "../contract/quiet_env.ts";
import type { SourceSubject } from "../contract/source_contract.ts";
import { type SimulatedExchange, startSimulatedExchange } from "../exchange/simulated_exchange.ts";
import type { SimulatedMailbox } from "../exchange/simulated_mailbox.ts";
import { graphId } from "./graph_ids.ts";
import { type SimulatedGraph, startSimulatedGraph } from "./simulated_graph.ts";

/** One mailbox, served over EWS and over Graph, with a source signed in to each. */
export interface BothSources extends AsyncDisposable {
  readonly mailbox: Mailbox;
  readonly store: SimulatedMailbox;
  readonly graph: SimulatedGraph;
  readonly authority: SimulatedAuthority;
  ews(): MailSource & MailSurvey;
  overGraph(): MailSource & MailSurvey;
}

const ADDRESS = "anna@corp.example";
/** What real clients name as scope. */
const GRAPH_SCOPE = "https://graph.microsoft.com/.default";

/** Starts both servers over one store, with transports as the program makes them. */
export async function startBothSources(more: Partial<Mailbox> = {}): Promise<BothSources> {
  const stack = new AsyncDisposableStack();
  const env: Env = { ...quietEnv().env, clock: new HastyClock() };
  const authority = stack.use(await startSimulatedAuthority());
  const exchange = stack.use(await startSimulatedExchange({ authentication: authority }));
  const store = exchange.addMailbox(ADDRESS);
  const graph = stack.use(await startSimulatedGraph({ store: exchange.store, authority }));
  const connect = (server: SimulatedExchange | SimulatedGraph, scope: string) => {
    const tokens = stack.use(tokensOf(authority, scope, env));
    const trust = { verify: true, extraRoots: [server.caPem!] };
    const { endpoint } = server;
    return stack.use(createOauthTransport({ endpoint, tokens, trust, clock: env.clock }));
  };
  const ewsTransport = connect(exchange, `${exchange.endpoint.origin}/.default`);
  const graphTransport = connect(graph, GRAPH_SCOPE);
  return {
    mailbox: {
      address: ADDRESS,
      bucket: { owner: "o", name: "n" },
      startFrom: "bucket",
      ...more,
    },
    store,
    graph,
    authority,
    ews: () =>
      createExchangeSource({
        transport: ewsTransport,
        endpoint: exchange.endpoint,
        accessType: "impersonation",
        env,
      }),
    overGraph: () =>
      createGraphSource({ transport: graphTransport, endpoint: graph.endpoint, env }),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

function tokensOf(authority: SimulatedAuthority, scope: string, { clock, log }: Env) {
  return createMsalTokenSource({
    authority: authority.url,
    clientId: authority.clientId,
    credential: { secret: new Secret(authority.secret) },
    scope,
    gate: new CredentialGate(authority.clientId, clock),
    clock,
    log,
    caCerts: [authority.caPem],
  });
}

/** Either source as the contract wants it. */
export async function subjectOf(api: MailSource["api"]): Promise<SourceSubject> {
  const both = await startBothSources();
  const { mailbox, store } = both;
  const restarted = () => api === "ews" ? both.ews() : both.overGraph();
  return {
    source: restarted(),
    mailbox,
    store,
    folderIdOf: ({ id }) => api === "ews" ? id : graphId(id),
    itemIdOf: ({ id, immutableId }) => api === "ews" ? id : graphId(immutableId),
    restarted,
    [Symbol.asyncDispose]: () => both[Symbol.asyncDispose](),
  };
}
