import assert from "node:assert/strict";
import { loadConfig } from "./load.ts";
import { problemLine } from "./problem.ts";

type Json = Readonly<Record<string, unknown>>;

const GRAPH: Json = {
  microsoft_api: "graph",
  auth_oauth_authority: "https://login.microsoftonline.com/tenant",
  auth_oauth_client_id: "id",
  auth_oauth_client_secret: "s",
  mailboxes: { "a@b.c": { bucket: { owner: "acme", name: "mail" } } },
};

function load(keys: Json) {
  return loadConfig({
    configFile: "config.json",
    env: () => undefined,
    readFile: () =>
      Promise.resolve(new TextEncoder().encode(JSON.stringify({ ...GRAPH, ...keys }))),
  });
}

async function exchangeOf(keys: Json) {
  const loaded = await load(keys);
  assert.ok(loaded.kind !== "invalid", JSON.stringify(keys));
  return loaded.exchange;
}

async function problems(keys: Json): Promise<readonly string[]> {
  const loaded = await load(keys);
  return loaded.kind === "invalid" ? loaded.problems.map(problemLine) : [];
}

async function warnings(keys: Json): Promise<readonly string[]> {
  return (await load(keys)).warnings.map(problemLine);
}

Deno.test("graph implies oauth2, excludes another explicit type and needs no endpoint", async () => {
  const { api, endpoint, auth } = await exchangeOf({});
  assert.deepEqual([api, endpoint.href, auth.type], [
    "graph",
    "https://graph.microsoft.com/",
    "oauth2",
  ]);
  assert.ok(auth.type === "oauth2");
  assert.equal(auth.scope, "https://graph.microsoft.com/.default");
  assert.deepEqual(await problems({ auth_type: "ntlm" }), [
    'auth_type = "ntlm": must be "oauth2" or absent, because "microsoft_api" is "graph"',
  ]);
  assert.equal((await problems({ auth_oauth_client_secret: null })).length, 1);
  assert.deepEqual(await warnings({}), []);
});

Deno.test("of a misspelt microsoft_api nothing else follows", async () => {
  assert.deepEqual(await problems({ microsoft_api: "grap" }), [
    'microsoft_api = "grap": must be "ews" or "graph"',
  ]);
});

Deno.test("what streaming means with graph is said", async () => {
  const [line, ...others] = await warnings({ notifications: "streaming" });
  assert.match(line ?? "", /^notifications = "streaming": .*public endpoints.*polled more often/);
  assert.deepEqual(others, []);
});

Deno.test("a config that was made for EWS changes over to graph by one line", async () => {
  const before = {
    ews_endpoint: "https://outlook.office365.com/EWS/Exchange.asmx",
    auth_type: "oauth2",
    access_type: "impersonation",
    ews_ssl_verify: true,
  };
  assert.equal((await exchangeOf(before)).endpoint.hostname, "graph.microsoft.com");
  const unused = 'has no effect, as "microsoft_api" is "graph"';
  assert.deepEqual(await warnings(before), [`ews_endpoint: ${unused}`, `access_type: ${unused}`]);
  const scope = "https://outlook.office365.com/.default";
  const [line] = await warnings({ auth_oauth_scope: scope });
  assert.match(line ?? "", /^auth_oauth_scope = .*remove it.*https:\/\/graph\.microsoft\.com/);
  assert.deepEqual(
    await warnings({ auth_oauth_scope: "https://graph.microsoft.com/.default" }),
    [],
  );
});

Deno.test("graph of another cloud is named where authority and endpoint do not belong together", async () => {
  const government = { auth_oauth_authority: "https://login.microsoftonline.us/tenant" };
  const [line] = await warnings(government);
  assert.match(line ?? "", /^graph_endpoint = .*"https:\/\/graph\.microsoft\.us" or/);
  for (const host of ["graph.microsoft.us", "dod-graph.microsoft.us"]) {
    assert.deepEqual(await warnings({ ...government, graph_endpoint: `https://${host}` }), []);
  }
  // A gateway in between belongs to nobody that is known here.
  const gateway = { graph_endpoint: "https://graph.example.com" };
  assert.deepEqual(await warnings(gateway), []);
  const scope = "https://graph.microsoft.com/.default";
  assert.deepEqual(await warnings({ ...gateway, auth_oauth_scope: scope }), []);
});

Deno.test("of graph_endpoint only the origin counts", async () => {
  const keys = { graph_endpoint: "https://graph.example.com:8443/v1.0/" };
  assert.equal((await exchangeOf(keys)).endpoint.href, "https://graph.example.com:8443/");
  assert.match((await warnings(keys))[0] ?? "", /^graph_endpoint = .*only the origin counts/);
  assert.match((await problems({ graph_endpoint: "http://graph.example.com" }))[0] ?? "", /https/);
});
