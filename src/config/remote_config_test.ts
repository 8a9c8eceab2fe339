import assert from "node:assert/strict";
import { LIMITS } from "../core/limits.ts";
import { changedTargets, credentialTargetsOf } from "./credential_targets.ts";
import { problemLine } from "./problem.ts";
import { CONFIG_READ_BYTES_MAX, configChoiceOf, loadReadConfig } from "./remote_config.ts";
import type { RemoteConfigAt } from "./remote_config_options.ts";

type Json = Readonly<Record<string, unknown>>;
type Variables = Readonly<Record<string, string>>;

const PLACE = "az://acct/mail/config/acme/prod.json";
const AT: RemoteConfigAt = {
  name: { owner: "acme", key: "prod" },
  place: { kind: "local", prefix: "mail" },
};
const BASE: Json = {
  host: "https://mail.example.com",
  auth_user: "CORP\\svc",
  auth_password: "hunter2",
  mailboxes: { "a@b.c": { bucket: { owner: "acme", name: "mail" } } },
};
const OAUTH: Json = {
  ews_endpoint: "https://mail.example.com/EWS/Exchange.asmx",
  auth_type: "oauth2",
  auth_oauth_authority: "https://login.example.com/tenant",
  auth_oauth_client_id: "id",
  auth_oauth_client_secret: "secret",
  mailboxes: BASE.mailboxes,
};

function loadBytes(bytes: Uint8Array | Promise<Uint8Array>, variables: Variables = {}) {
  return loadReadConfig({
    place: PLACE,
    bytes,
    env: (name) => variables[name],
    readFile: () => Promise.reject(Object.assign(new Error("os error 2"), { code: "ENOENT" })),
  });
}

function load(config: Json, variables?: Variables) {
  return loadBytes(new TextEncoder().encode(JSON.stringify(config)), variables);
}

async function problems(bytes: Uint8Array | Promise<Uint8Array>, variables?: Variables) {
  const loaded = await loadBytes(bytes, variables);
  return loaded.kind === "invalid" ? loaded.problems.map(problemLine) : [];
}

async function targetsOf(config: Json, variables?: Variables) {
  const loaded = await load(config, variables);
  assert.ok(loaded.kind === "ready");
  return credentialTargetsOf(loaded.config);
}

async function changes(before: Json, after: Json, variables?: Variables) {
  return changedTargets(await targetsOf(before, variables), await targetsOf(after, variables));
}

Deno.test("a local configuration wins over a remote one, by flag before variable", () => {
  const env = (name: string) => name === "REINFER_EWS_CONFIG" ? "variable.json" : undefined;
  const nothing = () => undefined;
  assert.deepEqual(configChoiceOf({ configFile: "flag.json", remote: AT }, env), {
    kind: "local",
    file: "flag.json",
    ignored: AT,
  });
  assert.deepEqual(configChoiceOf({ remote: AT }, env), {
    kind: "local",
    file: "variable.json",
    ignored: AT,
  });
  assert.deepEqual(configChoiceOf({}, env), { kind: "local", file: "variable.json" });
  assert.deepEqual(configChoiceOf({ remote: AT }, nothing), { kind: "remote", at: AT });
  assert.deepEqual(configChoiceOf({}, nothing), { kind: "none" });
  assert.deepEqual(configChoiceOf({ remote: AT }, () => ""), { kind: "remote", at: AT });
});

Deno.test("a remote configuration is read by the rules of a file, the environment on top", async () => {
  const { auth_password: _, ...withoutPassword } = BASE;
  const loaded = await load(withoutPassword, {
    REINFER_EWS_AUTH_PASS: "from the environment",
    REINFER_EWS_HOST: "https://other.example.com",
  });
  assert.ok(loaded.kind === "ready");
  const { auth, endpoint } = loaded.config.exchange;
  assert.ok(auth.type === "ntlm");
  assert.equal(auth.password.value.reveal(), "from the environment");
  assert.equal(endpoint.hostname, "other.example.com");
});

Deno.test("what is wrong with a remote configuration names its place or its keys", async () => {
  assert.deepEqual(await problems(new TextEncoder().encode('{"a": }')), [
    `Config file "${PLACE}": it is not JSON: line 1, column 7: Expected a value`,
  ]);
  assert.deepEqual(await problems(Uint8Array.of(0xff)), [
    `Config file "${PLACE}": it is not UTF-8 text`,
  ]);
  assert.deepEqual(await problems(new Uint8Array(CONFIG_READ_BYTES_MAX)), [
    `Config file "${PLACE}": it is larger than ${LIMITS.configBytesMax / 1024} KiB`,
  ]);
  const denied = Promise.reject(Object.assign(new Error("os error 13"), { code: "EACCES" }));
  assert.deepEqual(await problems(denied), [
    `Config file "${PLACE}": it may not be read by this user`,
  ]);
  const wrong = { ...BASE, port: "x", poll_frequency: 0 };
  assert.equal((await problems(new TextEncoder().encode(JSON.stringify(wrong)))).length, 2);
});

Deno.test("allowed hosts hold for a remote configuration", async () => {
  const bytes = new TextEncoder().encode(JSON.stringify(BASE));
  const variables = { REINFER_EWS_ALLOWED_HOSTS: "exchange.example.com" };
  const [problem] = await problems(bytes, variables);
  assert.match(problem ?? "", /^host = "mail\.example\.com": this host is not among those of/);
});

Deno.test("every key that decides where credentials go counts as a change of it, by its effect", async () => {
  const cases: readonly [Json, Json, readonly string[]][] = [
    [BASE, { ...BASE, host: "https://evil.example.com" }, ["ews_endpoint"]],
    [BASE, { ...BASE, port: 444 }, ["ews_endpoint"]],
    [BASE, { ...BASE, ews_endpoint: "https://mail.example.com/other.asmx" }, ["ews_endpoint"]],
    [BASE, { ...BASE, auth_type: "basic" }, ["auth_type"]],
    [BASE, { ...BASE, ews_ssl_verify: "false" }, ["ews_ssl_verify"]],
    [BASE, { ...BASE, ews_ssl_ca_file: "/tmp/ca.pem" }, ["ews_ssl_ca_file"]],
    [OAUTH, { ...OAUTH, auth_oauth_authority: "https://evil.example.com" }, [
      "auth_oauth_authority",
    ]],
    [OAUTH, { ...OAUTH, auth_oauth_scope: "https://evil.example.com/.default" }, [
      "auth_oauth_scope",
    ]],
    [OAUTH, { ...OAUTH, ...BASE, ews_endpoint: OAUTH.ews_endpoint, auth_type: "ntlm" }, [
      "auth_type",
      "auth_oauth_authority",
      "auth_oauth_scope",
    ]],
  ];
  for (const [before, after, keys] of cases) {
    const lines = await changes(before, after);
    assert.deepEqual(lines.map((line) => line.split(" ")[0]), keys, JSON.stringify(after));
  }
  assert.deepEqual(await changes(BASE, { ...BASE, host: "https://evil.example.com" }), [
    'ews_endpoint from "https://mail.example.com/EWS/Exchange.asmx" ' +
    'to "https://evil.example.com/EWS/Exchange.asmx"',
  ]);
});

Deno.test("what has no effect on where credentials go is no change of it", async () => {
  const written = { ...BASE, host: "MAIL.example.com", port: "443", ews_ssl_verify: "true" };
  assert.deepEqual(await changes(BASE, { ...written, auth_type: "ntlm" }), []);
  assert.deepEqual(await changes(BASE, { ...BASE, auth_password: "other", poll_frequency: 1 }), []);
  // The environment wins over both.
  const fixed = { REINFER_EWS_HOST: "https://fixed.example.com" };
  assert.deepEqual(await changes(BASE, { ...BASE, host: "https://evil.example.com" }, fixed), []);
});

Deno.test("values that differ only behind what is shown of them are a change", async () => {
  const long = `https://mail.example.com/${"a".repeat(200)}`;
  const before = { ...BASE, ews_endpoint: `${long}/1.asmx` };
  assert.equal((await changes(before, { ...BASE, ews_endpoint: `${long}/2.asmx` })).length, 1);
});
