import assert from "node:assert/strict";
import type { Clock } from "../../src/core/env.ts";
import {
  type SimulatedAuthority,
  startSimulatedAuthority,
} from "../authority/simulated_authority.ts";
import { MailboxStore } from "../exchange/mailbox_store.ts";
import { type RawAnswer, RawHttpClient } from "../exchange/raw_http_client.ts";
import { seededEntropy } from "../exchange/seeded_entropy.ts";
import type { SimulatedMailbox } from "../exchange/simulated_mailbox.ts";
import { WALL_CLOCK } from "../exchange/wall_clock.ts";
import {
  type SimulatedGraph,
  type SimulatedGraphOptions,
  startSimulatedGraph,
} from "./simulated_graph.ts";

export const ADDRESS = "anna@corp.example";
export const IMMUTABLE = 'Prefer: IdType="ImmutableId"';

/** A collection or resource as JSON has it: tests look into it member by member. */
export interface GraphJson {
  readonly [name: string]: unknown;
  readonly id?: string;
  readonly value?: readonly GraphJson[];
  readonly error?: { readonly code: string; readonly message: string };
  readonly "@odata.nextLink"?: string;
  readonly "@odata.deltaLink"?: string;
}

export interface GraphReply extends Pick<RawAnswer, "status" | "headers" | "bytes" | "complete"> {
  readonly json: GraphJson;
}

/** A service with one mailbox, an authority, and a client that is signed in. */
export interface ExampleGraph extends AsyncDisposable {
  readonly graph: SimulatedGraph;
  readonly authority: SimulatedAuthority;
  readonly mailbox: SimulatedMailbox;
  readonly token: string;
  /** The clock of store, service and authority. */
  passTime(ms: number): void;
  /** A link, or a path below the user. */
  get(pathOrLink: string, ...headers: readonly string[]): Promise<GraphReply>;
  batch(requests: readonly unknown[]): Promise<GraphReply>;
  /** A connection of one's own. */
  connect(): Promise<RawHttpClient>;
}

export async function exampleGraph(
  options: Partial<SimulatedGraphOptions> = {},
): Promise<ExampleGraph> {
  let now = Date.UTC(2024, 4, 6, 7, 8, 9, 250);
  const clock: Clock = { ...WALL_CLOCK, now: () => new Date(now) };
  const store = new MailboxStore({ clock, entropy: seededEntropy(7) });
  const mailbox = store.addMailbox(ADDRESS);
  const authority = await startSimulatedAuthority({ clock });
  const graph = await startSimulatedGraph({ store, authority, clock, ...options });
  const token = await tokenOf(authority, "https://graph.microsoft.com");
  const connect = async () =>
    new RawHttpClient(
      await Deno.connectTls({
        hostname: "localhost",
        port: Number(graph.endpoint.port),
        caCerts: [graph.caPem],
      }),
      `localhost:${graph.endpoint.port}`,
    );
  const client = await connect();
  const signedIn = [`Authorization: Bearer ${token}`];
  return {
    graph,
    authority,
    mailbox,
    token,
    connect,
    passTime: (ms) => now += ms,
    async get(pathOrLink, ...headers) {
      const target = targetOf(pathOrLink);
      return replyOf(await client.get(target, [...signedIn, ...headers]));
    },
    async batch(requests) {
      const headers = [...signedIn, "Content-Type: application/json"];
      const body = JSON.stringify({ requests });
      return replyOf(await client.post("/v1.0/$batch", headers, body));
    },
    async [Symbol.asyncDispose]() {
      client[Symbol.dispose]();
      await graph[Symbol.asyncDispose]();
      await authority[Symbol.asyncDispose]();
    },
  };
}

/** A token of the application for one service. */
export async function tokenOf(authority: SimulatedAuthority, audience: string): Promise<string> {
  using client = new RawHttpClient(
    await Deno.connectTls({
      hostname: "localhost",
      port: Number(authority.url.port),
      caCerts: [authority.caPem],
    }),
  );
  const form = new URLSearchParams({
    grant_type: "client_credentials",
    client_id: authority.clientId,
    client_secret: authority.secret,
    scope: `${audience}/.default`,
  });
  const type = "Content-Type: application/x-www-form-urlencoded";
  const path = `${authority.url.pathname}/oauth2/v2.0/token`;
  const { status, body } = await client.post(path, [type], form.toString());
  assert.equal(status, 200, body);
  return JSON.parse(body).access_token;
}

/** All pages of a collection, and the link it ends with. */
export async function drained(
  example: ExampleGraph,
  first: string,
  ...headers: readonly string[]
): Promise<{ readonly value: readonly GraphJson[]; readonly deltaLink: string | undefined }> {
  const value: GraphJson[] = [];
  for (let next = first;;) {
    const { status, json } = await example.get(next, ...headers);
    assert.equal(status, 200, JSON.stringify(json));
    value.push(...json.value ?? []);
    const link = json["@odata.nextLink"];
    if (link === undefined) return { value, deltaLink: json["@odata.deltaLink"] };
    next = link;
  }
}

function targetOf(pathOrLink: string): string {
  if (!pathOrLink.startsWith("https:")) return `/v1.0/users/${ADDRESS}/${pathOrLink}`;
  const { pathname, search } = new URL(pathOrLink);
  return pathname + search;
}

function replyOf(answer: RawAnswer): GraphReply {
  const isJson = answer.headers.get("content-type")?.[0]?.startsWith("application/json") ?? false;
  return { ...answer, json: isJson && answer.complete ? JSON.parse(answer.body) : {} };
}
