import { join } from "node:path";
import {
  type SimulatedAuthority,
  startSimulatedAuthority,
} from "../authority/simulated_authority.ts";
import { type SimulatedExchange, startSimulatedExchange } from "../exchange/simulated_exchange.ts";
import { type SimulatedGraph, startSimulatedGraph } from "../graph/simulated_graph.ts";
import { type Customer, customerOf } from "./customer.ts";

type Keys = Readonly<Record<string, unknown>>;

/** A tenant of Exchange Online: the same mailboxes over EWS and over Microsoft Graph. */
export interface OnlineTenant extends AsyncDisposable {
  readonly authority: SimulatedAuthority;
  readonly exchange: SimulatedExchange;
  readonly graph: SimulatedGraph;
  /** Environment of the appliance: what it trusts. */
  readonly env: Readonly<Record<string, string>>;
  /** Tokens, assertions and the client secret begin so. */
  readonly secrets: readonly string[];
  /** Config keys of a customer who reads over one or the other; see `customerOf`. */
  keysOf(api: "ews" | "graph"): Keys;
  /** A customer of files; `keys` come on top. */
  customer(api: "ews" | "graph", keys?: Keys): Promise<Customer>;
}

/** Starts the servers of a tenant that has these mailboxes, all of them empty. */
export async function onlineTenant(addresses: readonly string[]): Promise<OnlineTenant> {
  const disposables = new AsyncDisposableStack();
  const authority = disposables.use(await startSimulatedAuthority());
  const exchange = disposables.use(await startSimulatedExchange({ authentication: authority }));
  for (const address of addresses) exchange.addMailbox(address);
  const graph = disposables.use(await startSimulatedGraph({ store: exchange.store, authority }));
  const folder = await Deno.makeTempDir({ prefix: "reinfer-ews-tenant-" });
  disposables.defer(() => Deno.remove(folder, { recursive: true }));
  const roots = join(folder, "roots.pem");
  const pems = [authority.caPem, exchange.caPem, graph.caPem].filter((pem) => pem !== undefined);
  await Deno.writeTextFile(roots, pems.join("\n"));
  const keysOf = (api: "ews" | "graph"): Keys => ({
    auth_type: "oauth2",
    auth_user: null,
    auth_password: null,
    auth_oauth_authority: authority.url.href,
    auth_oauth_client_id: authority.clientId,
    auth_oauth_client_secret: authority.secret,
    ews_ssl_ca_file: null,
    ...api === "graph"
      ? {
        microsoft_api: "graph",
        graph_endpoint: graph.endpoint.origin,
        // The authority of the tests issues tokens for the real names only.
        auth_oauth_scope: "https://graph.microsoft.com/.default",
      }
      : {},
  });
  return {
    authority,
    exchange,
    graph,
    env: { SSL_CERT_FILE: roots },
    secrets: [authority.secret, "s3cret~of", "token.1.", "eyJ"],
    keysOf,
    customer: (api, keys = {}) => customerOf(exchange, { ...keysOf(api), ...keys }),
    [Symbol.asyncDispose]: () => disposables.disposeAsync(),
  };
}
