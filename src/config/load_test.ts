import assert from "node:assert/strict";
import fc from "fast-check";
import { Secret } from "../core/secret.ts";
import { loadConfig, type LoadedConfig } from "./load.ts";
import { problemLine } from "./problem.ts";

type Json = Readonly<Record<string, unknown>>;
type Variables = Readonly<Record<string, string>>;

const MAILBOX = { bucket: { owner: "acme", name: "mail" } };
const VALID: Json = {
  host: "https://mail.example.com",
  auth_user: "CORP\\svc",
  auth_password: "hunter2",
  mailboxes: { "Alice@example.com": MAILBOX },
};

interface Given {
  readonly variables?: Variables;
  /** Other files by path. */
  readonly files?: Readonly<Record<string, string>>;
}

function loadText(text: string, { variables = {}, files = {} }: Given = {}): Promise<LoadedConfig> {
  const all: Readonly<Record<string, string>> = { "config.json": text, ...files };
  return loadConfig({
    configFile: "config.json",
    env: (name) => variables[name],
    readFile: (path) => {
      const content = all[path];
      if (content !== undefined) return Promise.resolve(new TextEncoder().encode(content));
      return Promise.reject(Object.assign(new Error("os error 2"), { code: "ENOENT" }));
    },
  });
}

function load(config: Json, given?: Given): Promise<LoadedConfig> {
  return loadText(JSON.stringify(config), given);
}

async function configOf(config: Json, given?: Given) {
  const loaded = await load(config, given);
  assert.ok(loaded.kind === "ready", describe(loaded));
  return loaded.config;
}

/** Who signs in with a user name and a password, and how. */
async function passwordOf(config: Json, given?: Given) {
  const { auth } = (await configOf(config, given)).exchange;
  assert.ok(auth.type !== "oauth2");
  return auth;
}

async function oauthOf(config: Json, given?: Given) {
  const { auth } = (await configOf(config, given)).exchange;
  assert.ok(auth.type === "oauth2");
  return auth;
}

async function problems(config: Json | string, given?: Given): Promise<readonly string[]> {
  const loaded = typeof config === "string"
    ? await loadText(config, given)
    : await load(config, given);
  assert.ok(loaded.kind === "invalid", `not invalid: ${JSON.stringify(config)}`);
  return loaded.problems.map(problemLine);
}

async function warnings(config: Json, given?: Given): Promise<readonly string[]> {
  return (await load(config, given)).warnings.map(problemLine);
}

async function missing(config: Json, given?: Given): Promise<readonly string[]> {
  const loaded = await load(config, given);
  assert.ok(loaded.kind === "not in this version", describe(loaded));
  return loaded.features;
}

function describe(loaded: LoadedConfig): string {
  return loaded.kind === "invalid" ? loaded.problems.map(problemLine).join("\n") : loaded.kind;
}

/** `VALID` with one mailbox that has these keys too. */
function withMailbox(keys: Json): Json {
  return { ...VALID, mailboxes: { "a@b.c": { ...MAILBOX, ...keys } } };
}

function without(config: Json, ...keys: readonly string[]): Json {
  return Object.fromEntries(Object.entries(config).filter(([key]) => !keys.includes(key)));
}

Deno.test("a small file and the defaults of the contract make a whole configuration", async () => {
  const config = await configOf(VALID);
  assert.ok(config.exchange.auth.type === "ntlm");
  const { password, ...auth } = config.exchange.auth;
  assert.equal(password.value.reveal(), "hunter2");
  assert.equal(password.file, undefined);
  assert.deepEqual({ ...config, exchange: { ...config.exchange, auth } }, {
    exchange: {
      api: "ews",
      endpoint: new URL("https://mail.example.com/EWS/Exchange.asmx"),
      auth: { type: "ntlm", user: "CORP\\svc" },
      accessType: "delegate",
      tls: { verify: true },
    },
    mailboxes: [{
      address: "alice@example.com",
      bucket: { owner: "acme", name: "mail" },
      startFrom: "bucket",
    }],
    notifications: "poll",
    pollFrequencyMs: 15_000,
    pollMessageSleepMs: 100,
    maxConcurrentUploads: 8,
    emailsPerFolder: 2520,
    batchSize: 80,
    attachmentUploads: [],
  });
});

Deno.test("every key of this version reaches the configuration", async () => {
  const config = await configOf({
    ...without(VALID, "host"),
    ews_endpoint: "https://mail.example.com:444/ews/exchange.asmx",
    auth_type: "ntlm",
    access_type: "impersonation",
    microsoft_api: "ews",
    ews_ssl_verify: false,
    ews_ssl_ca_file: "/etc/ca.pem",
    poll_frequency: 0.5,
    poll_message_sleep: 0,
    max_concurrent_uploads: 0,
    emails_per_folder: 100_000,
    reinfer_batch_size: 1,
    audit_email: "audit@example.com",
    notifications: "poll",
    mailboxes: {
      "a@b.c": { ...MAILBOX, start_from: "config", start_timestamp: "2024-05-31T08:00:00+02:00" },
    },
  });
  assert.equal(config.exchange.endpoint.href, "https://mail.example.com:444/ews/exchange.asmx");
  assert.equal(config.exchange.accessType, "impersonation");
  assert.deepEqual(config.exchange.tls, { verify: false, caFile: "/etc/ca.pem" });
  assert.equal(config.pollFrequencyMs, 500);
  assert.equal(config.pollMessageSleepMs, 0);
  assert.equal(config.maxConcurrentUploads, 0);
  assert.equal(config.emailsPerFolder, 100_000);
  assert.equal(config.batchSize, 1);
  assert.equal(config.mailboxes[0]?.startFrom, "config");
  assert.deepEqual(config.mailboxes[0]?.startTimestamp, new Date("2024-05-31T06:00:00Z"));
});

Deno.test("booleans and numbers may be text, and null counts as absent", async () => {
  const config = await configOf({
    ...VALID,
    host: "mail",
    port: "443",
    ews_ssl_verify: "False",
    poll_frequency: "2.5",
    emails_per_folder: null,
    ews_endpoint: null,
    nonsense: null,
  });
  assert.equal(config.exchange.endpoint.href, "https://mail/EWS/Exchange.asmx");
  assert.equal(config.exchange.tls.verify, false);
  assert.equal(config.pollFrequencyMs, 2500);
  assert.equal(config.emailsPerFolder, 2520);
});

Deno.test("all problems are told at once, each with path, value and what is allowed", async () => {
  const lines = await problems({
    host: "mail/EWS",
    port: 70_000,
    auth_type: "kerberos",
    access_type: "owner",
    ews_ssl_verify: "no",
    poll_frequency: 0,
    emails_per_folder: 1.5,
    max_concurrent_uploads: "33",
    reinfer_batch_size: [80],
    mailboxes: {
      "a@b.c": { bucket: { owner: "a b", name: 7 }, start_timestamp: "2024-02-30", enabled: 1 },
      "nobody": { bucket: {} },
      "x@y.z": "bucket",
      "q@y.z": { bucket: "acme/mail" },
      "r@y.z": {},
    },
  });
  assert.deepEqual(lines, [
    "port = 70000: must be a whole number from 1 to 65535",
    'auth_type = "kerberos": must be "ntlm", "oauth2" or "basic"',
    'access_type = "owner": must be "delegate" or "impersonation"',
    'ews_ssl_verify = "no": must be true or false',
    "poll_frequency = 0: must be a number of seconds from 0.1 to 86400",
    'max_concurrent_uploads = "33": must be a whole number from 0 to 32',
    "emails_per_folder = 1.5: must be a whole number from 1 to 100000",
    "reinfer_batch_size = a list: must be a whole number from 1 to 1000",
    'mailboxes["a@b.c"].start_timestamp = "2024-02-30": must be an ISO 8601 date or date-time ' +
    "that exists, such as 2024-05-31 or 2024-05-31T08:00:00Z",
    'mailboxes["a@b.c"].enabled = 1: must be true or false',
    'mailboxes["a@b.c"].bucket.owner = "a b": must be 1 to 256 letters (A to Z, a to z), digits, ' +
    '"_" and "-"',
    'mailboxes["a@b.c"].bucket.name = 7: must be 1 to 256 letters (A to Z, a to z), digits, "_" ' +
    'and "-"',
    "mailboxes.nobody: the key must be an email address, NAME@DOMAIN",
    "mailboxes.nobody.bucket.owner: missing",
    "mailboxes.nobody.bucket.name: missing",
    'mailboxes["x@y.z"] = "bucket": must be an object with a "bucket"',
    'mailboxes["q@y.z"].bucket = "acme/mail": must be an object with "owner" and "name"',
    'mailboxes["r@y.z"].bucket: missing: give its "owner" and "name"',
  ]);
});

Deno.test("an empty file names everything that is needed", async () => {
  assert.deepEqual(await problems({}), [
    'ews_endpoint: missing: give the full EWS URL here, or "host" and "port"',
    "auth_user: missing: needed to sign in with ntlm (here or in REINFER_EWS_AUTH_USER)",
    "auth_password: missing: needed to sign in with ntlm (here or in REINFER_EWS_AUTH_PASS)",
    "mailboxes: missing: an object from mailbox address to mailbox",
  ]);
});

Deno.test("secrets appear in no message, whatever is wrong with them", async () => {
  const secret = "hunter2\u0007";
  const loaded = await load({
    ...VALID,
    auth_password: [secret],
    auth_oauth_client_secret: 7007,
    auth_oauth_client_credential_private_key: secret,
    ews_endpoint: `https://svc:${secret}@mail/`,
    host: `svc:${secret}@mail`,
  });
  assert.ok(loaded.kind === "invalid");
  assert.equal(loaded.problems.length, 5);
  assert.doesNotMatch(JSON.stringify(loaded), /hunter2|7007/);
});

Deno.test("hostile keys and values stay on one printable, short line", async () => {
  const lines = await problems({ ...VALID, port: "\u001b[2J\n", host: "x".repeat(5000) + "/y" });
  const more = await warnings({ ...VALID, ["evil\r\nkey\u202e".repeat(500)]: 1 });
  for (const line of [...lines, ...more]) {
    assert.doesNotMatch(line, /[\p{Cc}\p{Cf}]/u);
    assert.ok(line.length < 1000);
  }
});

Deno.test("unknown keys are warnings with the nearest known key, on every level", async () => {
  const config = {
    ...VALID,
    pol_frequency: 1,
    "x-comment": "hi",
    mailboxes: {
      "a@b.c": { bucket: { owner: "o", name: "n", onwer: 1 }, start_form: "bucket" },
    },
  };
  assert.deepEqual(await warnings(config), [
    'pol_frequency: unknown key, ignored; did you mean "poll_frequency"?',
    '["x-comment"]: unknown key, ignored',
    'mailboxes["a@b.c"].start_form: unknown key, ignored; did you mean "start_from"?',
    'mailboxes["a@b.c"].bucket.onwer: unknown key, ignored; did you mean "owner"?',
  ]);
});

Deno.test("mailboxes are told apart without case, and given twice are a problem", async () => {
  const twice = { ...VALID, mailboxes: { "a@b.c": MAILBOX, "A@B.c": MAILBOX, "d@b.c": MAILBOX } };
  assert.deepEqual(await problems(twice), [
    'mailboxes["A@B.c"]: is the same mailbox as "a@b.c": case makes no difference',
  ]);
  const text = JSON.stringify(VALID).replace(/}}$/, ',\n"Alice@example.com":{}}}');
  assert.equal(
    (await problems(text))[0],
    'mailboxes["Alice@example.com"]: this mailbox is given again on line 2',
  );
});

Deno.test("other keys given twice are a warning, as the last one counts", async () => {
  const loaded = await loadText(
    `{"poll_frequency": 1,\n${JSON.stringify({ ...VALID, poll_frequency: 2 }).slice(1)}`,
  );
  assert.ok(loaded.kind === "ready");
  assert.equal(loaded.config.pollFrequencyMs, 2000);
  assert.deepEqual(loaded.warnings.map(problemLine), [
    "poll_frequency: given again on line 2; the last one counts",
  ]);
});

Deno.test("disabled mailboxes are checked, counted and left out", async () => {
  const off = { ...MAILBOX, enabled: "false", folder_denylist: [["Private"]] };
  const loaded = await load({
    ...VALID,
    mailboxes: { "a@b.c": MAILBOX, "d@b.c": off, "e@b.c": null },
  });
  assert.ok(loaded.kind === "ready", describe(loaded));
  assert.deepEqual(loaded.config.mailboxes.map(({ address }) => address), ["a@b.c"]);
  assert.deepEqual([loaded.addresses, loaded.disabledCount], [["a@b.c"], 1]);
  assert.deepEqual(loaded.warnings.map(problemLine), [
    'mailboxes["e@b.c"]: is null, so this mailbox is left out',
  ]);
  assert.equal((await problems(withMailbox({ enabled: false, start_from: "x" }))).length, 1);
});

Deno.test("no mailbox at all is a warning", async () => {
  assert.deepEqual(await warnings({ ...VALID, mailboxes: {} }), [
    "mailboxes: no mailbox is configured",
  ]);
});

Deno.test("a start timestamp without offset and a start for debugging are warned of", async () => {
  assert.deepEqual(
    await warnings(withMailbox({ start_from: "config", start_timestamp: "2024-05-31T08:00" })),
    [
      'mailboxes["a@b.c"].start_from = "config": is for debugging: every start of the process ' +
      'begins this mailbox anew at its "start_timestamp"',
      'mailboxes["a@b.c"].start_timestamp = "2024-05-31T08:00:00.000Z": has no offset and is read ' +
      "as UTC; add Z or an offset such as +02:00",
    ],
  );
  assert.deepEqual(await warnings(withMailbox({ start_timestamp: "2024-05-31" })), []);
  assert.deepEqual(await warnings(withMailbox({ start_from: "config" })), [
    'mailboxes["a@b.c"].start_from = "config": is for debugging: every start of the process ' +
    'begins this mailbox anew at its oldest email, as it has no "start_timestamp"',
  ]);
});

const FOLDER_PATHS = "a list of folder paths, each a list of names";

Deno.test("lists are checked element by element", async () => {
  assert.deepEqual(
    await problems(withMailbox({
      participant_allowlist: ["a@b.c", "nobody", 7],
      participant_domain_denylist: "b.c",
      folder_allowlist: [["Inbox"], [], ["Inbox", ""], "Inbox"],
    })),
    [
      `mailboxes["a@b.c"].folder_allowlist[1] = a list: must be ${FOLDER_PATHS}`,
      `mailboxes["a@b.c"].folder_allowlist[2][1] = "": must be ${FOLDER_PATHS}`,
      `mailboxes["a@b.c"].folder_allowlist[3] = "Inbox": must be ${FOLDER_PATHS}`,
      'mailboxes["a@b.c"].participant_allowlist[1] = "nobody": must be a list of email addresses',
      'mailboxes["a@b.c"].participant_allowlist[2] = 7: must be a list of email addresses',
      'mailboxes["a@b.c"].participant_domain_denylist = "b.c": must be a list of mail domains',
    ],
  );
});

Deno.test("the lists of a mailbox reach the configuration", async () => {
  const config = await configOf(withMailbox({
    folder_allowlist: [["Inbox"], ["Projects", "A/B"]],
    folder_denylist: [["Inbox", "Private"]],
    participant_allowlist: ["Alice@Example.com", "alice@example.com"],
    participant_domain_denylist: ["Rival.Example"],
  }));
  assert.deepEqual(config.mailboxes[0]?.folders, {
    allow: [["Inbox"], ["Projects", "A/B"]],
    deny: [["Inbox", "Private"]],
  });
  assert.deepEqual(config.mailboxes[0]?.participants, {
    allow: { addresses: ["alice@example.com"], domains: [] },
    deny: { addresses: [], domains: ["rival.example"] },
  });
});

Deno.test("lists that say less than they seem to are warned of at every start", async () => {
  const lists = { folder_allowlist: [["Inbox"]], folder_denylist: [["inbox"]] };
  assert.deepEqual(await warnings(withMailbox({ ...lists, participant_allowlist: [] })), [
    'mailboxes["a@b.c"].folder_denylist[0] = ["inbox"]: is in "folder_allowlist", too; ' +
    '"folder_denylist" wins',
    'mailboxes["a@b.c"].participant_allowlist: is empty and restricts nothing, as if it were absent',
  ]);
});

Deno.test("notifications are poll or streaming", async () => {
  const { notifications } = await configOf({ ...VALID, notifications: "streaming" });
  assert.equal(notifications, "streaming");
  assert.deepEqual(await problems({ ...VALID, notifications: "push" }), [
    'notifications = "push": must be "poll" or "streaming"',
  ]);
});

Deno.test("what is valid but not built is refused by name", async () => {
  assert.deepEqual(
    await missing({ ...VALID, ews_ssl_ciphers: "HIGH" }),
    ["ews_ssl_ciphers: not in this version"],
  );
});

Deno.test("attachments are uploaded with the emails of those enabled mailboxes that say so", async () => {
  const { attachmentUploads } = await configOf({
    ...VALID,
    mailboxes: {
      "A@b.c": { ...MAILBOX, upload_attachments: "true" },
      "d@b.c": { ...MAILBOX, upload_attachments: false },
      "e@b.c": { ...MAILBOX, upload_attachments: true, enabled: false },
      "f@b.c": MAILBOX,
    },
  });
  assert.deepEqual(attachmentUploads, ["a@b.c"]);
});

const OAUTH: Json = {
  ...without(VALID, "auth_user", "auth_password"),
  auth_type: "oauth2",
  auth_oauth_authority: "https://login.example.com/tenant",
  auth_oauth_client_id: "client",
};
const KEY = "-----BEGIN PRIVATE KEY-----\\nMIIB\\n-----END PRIVATE KEY-----\\n";
const CERTIFICATE: Json = {
  auth_oauth_client_credential_private_key: KEY,
  auth_oauth_client_credential_thumbprint: "AB:".repeat(19) + "cd",
};

Deno.test("oauth2 needs authority, client id, and a secret or a certificate, not both", async () => {
  const secret = { auth_oauth_client_secret: "hunter2" };
  const { credential, ...bySecret } = await oauthOf({ ...OAUTH, ...secret });
  assert.ok(credential.kind === "secret");
  assert.equal(credential.secret.value.reveal(), "hunter2");
  assert.deepEqual(bySecret, {
    type: "oauth2",
    authority: new URL("https://login.example.com/tenant"),
    clientId: "client",
    scope: "https://mail.example.com/.default",
  });
  const byCertificate = (await oauthOf({ ...OAUTH, ...CERTIFICATE })).credential;
  assert.ok(byCertificate.kind === "certificate");
  assert.equal(byCertificate.privateKey.value.reveal(), KEY);
  assert.equal(byCertificate.thumbprint, "ab".repeat(19) + "cd");
  const other = await oauthOf({
    ...OAUTH,
    auth_oauth_client_credential_private_key: KEY.replaceAll("\\n", "\n"),
    auth_oauth_client_credential_thumbprint: "0f".repeat(32),
    auth_oauth_scope: "api://mail/.default",
  });
  assert.equal(other.scope, "api://mail/.default");
  assert.match((await problems(OAUTH)).join(), /^auth_oauth_client_secret: missing/);
  assert.match(
    (await problems({ ...OAUTH, ...secret, ...CERTIFICATE })).join(),
    /\[secret\]: excludes/,
  );
  for (const key of Object.keys(CERTIFICATE)) {
    const [line, ...others] = await problems({ ...OAUTH, ...without(CERTIFICATE, key) });
    assert.ok(line?.startsWith(`${key}: missing`), line);
    assert.deepEqual(others, []);
  }
  const beside = await oauthOf({
    ...OAUTH,
    auth_oauth_client_credential_private_key:
      `-----BEGIN CERTIFICATE-----\\nMIIB\\n-----END CERTIFICATE-----\\n${KEY}`,
  });
  assert.ok(beside.credential.kind === "certificate");
  assert.equal(beside.credential.thumbprint, undefined);
  const bare = without(OAUTH, "auth_oauth_authority", "auth_oauth_client_id");
  assert.deepEqual(await problems({ ...bare, ...secret }), [
    "auth_oauth_authority: missing: needed to sign in with oauth2",
    "auth_oauth_client_id: missing: needed to sign in with oauth2",
  ]);
  assert.equal(
    (await problems({ ...OAUTH, ...secret, auth_oauth_authority: "http://a.b/" })).length,
    1,
  );
  assert.equal(
    (await problems({ ...OAUTH, ...CERTIFICATE, auth_oauth_client_credential_thumbprint: "ab" }))
      .length,
    1,
  );
});

Deno.test("Basic goes over https, or over http to this machine only; NTLM over either", async () => {
  const basic = { ...VALID, auth_type: "basic" };
  assert.equal((await passwordOf(basic)).type, "basic");
  assert.equal((await passwordOf({ ...basic, host: "127.0.0.1" })).type, "basic");
  assert.match(
    (await problems({ ...basic, host: "http://mail" })).join(),
    /^host = "http:\/\/mail\/.*must be https/,
  );
  assert.match(
    (await problems({ ...without(basic, "host"), ews_endpoint: "http://mail/x.asmx" })).join(),
    /^ews_endpoint/,
  );
  assert.equal((await load({ ...VALID, host: "http://mail" })).kind, "ready");
  assert.deepEqual(await warnings({ ...VALID, host: "http://mail" }), [
    'host = "http://mail/EWS/Exchange.asmx": mail is read over http, unencrypted',
  ]);
  assert.deepEqual(await warnings({ ...VALID, host: "http://localhost" }), []);
});

Deno.test("a full URL wins over host and port, which are then said to have no effect", async () => {
  const both = { ...VALID, ews_endpoint: "https://other/EWS/Exchange.asmx", port: 80 };
  assert.equal((await configOf(both)).exchange.endpoint.hostname, "other");
  assert.deepEqual(await warnings(both), [
    'host: has no effect, as "ews_endpoint" wins',
    'port: has no effect, as "ews_endpoint" wins',
  ]);
  assert.match(
    (await warnings({ ...without(VALID, "host"), ews_endpoint: "https://m/" }))[0] ?? "",
    /asmx/,
  );
});

Deno.test("a connection without verification is warned of loudly", async () => {
  const [line] = await warnings({ ...VALID, ews_ssl_verify: "false" });
  assert.match(line ?? "", /^ews_ssl_verify = false: THE CERTIFICATE .* NOT VERIFIED/);
});

Deno.test("a sign-in name is user@domain, DOMAIN\\user or user", async () => {
  for (const auth_user of ["svc@example.com", "CORP\\svc", "svc", "Jürgen Groß"]) {
    assert.equal((await passwordOf({ ...VALID, auth_user })).user, auth_user);
  }
  for (const auth_user of ["", "CORP\\", "\\svc", "A\\B\\c", "CORP\bob", 7, true]) {
    assert.match(
      (await problems({ ...VALID, auth_user })).join(),
      /^auth_user = .*: must be user@domain/,
    );
  }
});

Deno.test("the environment overrides the file, empty variables count as unset", async () => {
  const variables = {
    REINFER_EWS_AUTH_USER: "env",
    REINFER_EWS_AUTH_PASS: "envpass",
    REINFER_EWS_ACCESS_TYPE: "impersonation",
    REINFER_EWS_HOST: "envhost",
    REINFER_EWS_PORT: "443",
  };
  const config = await configOf({ ...VALID, port: "nonsense" }, { variables });
  const { endpoint, accessType } = config.exchange;
  const auth = await passwordOf({ ...VALID, port: "nonsense" }, { variables });
  assert.deepEqual([auth.user, auth.password.value.reveal(), accessType], [
    "env",
    "envpass",
    "impersonation",
  ]);
  assert.equal(endpoint.href, "https://envhost/EWS/Exchange.asmx");
  const empty = Object.fromEntries(Object.keys(variables).map((name) => [name, ""]));
  assert.equal((await passwordOf(VALID, { variables: empty })).user, "CORP\\svc");
});

Deno.test("a problem in a variable names the variable", async () => {
  assert.deepEqual(await problems(VALID, { variables: { REINFER_EWS_PORT: "x" } }), [
    'port (REINFER_EWS_PORT) = "x": must be a whole number from 1 to 65535',
  ]);
});

Deno.test("a secret may lie in a file, from which one final newline is taken", async () => {
  const variables = { REINFER_EWS_AUTH_PASS_FILE: "/run/pass" };
  const passwordIn = async (content: string) => {
    const files = { "/run/pass": content };
    const { password } = await passwordOf(VALID, { variables, files });
    assert.equal(password.file, "/run/pass", "to be read from there again");
    return password.value.reveal();
  };
  assert.equal(await passwordIn("p w\n"), "p w");
  assert.equal(await passwordIn("p w\r\n"), "p w");
  assert.equal(await passwordIn("p w \n\n"), "p w \n");
});

Deno.test("a secret's file that is missing, empty, too large or one of two sources is a problem", async () => {
  const variables = { REINFER_EWS_AUTH_PASS_FILE: "/run/pass" };
  const noPassword = without(VALID, "auth_password");
  assert.deepEqual(await problems(noPassword, { variables }), [
    'REINFER_EWS_AUTH_PASS_FILE = "/run/pass": this file does not exist',
  ]);
  assert.deepEqual(await problems(VALID, { variables, files: { "/run/pass": "\n" } }), [
    'REINFER_EWS_AUTH_PASS_FILE = "/run/pass": this file is empty',
  ]);
  assert.deepEqual(
    await problems(VALID, { variables, files: { "/run/pass": "x".repeat(65_537) } }),
    [
      'REINFER_EWS_AUTH_PASS_FILE = "/run/pass": this file is larger than 64 KiB',
    ],
  );
  const both = { ...variables, REINFER_EWS_AUTH_PASS: "p" };
  assert.deepEqual(await problems(VALID, { variables: both, files: { "/run/pass": "q" } }), [
    "REINFER_EWS_AUTH_PASS_FILE: excludes REINFER_EWS_AUTH_PASS: unset one of them",
  ]);
});

Deno.test("only allowed hosts may be configured to receive credentials", async () => {
  const allow = (hosts: string) => ({ variables: { REINFER_EWS_ALLOWED_HOSTS: hosts } });
  assert.equal((await load(VALID, allow("other, MAIL.example.com"))).kind, "ready");
  assert.deepEqual(await problems(VALID, allow("example.com")), [
    'host = "mail.example.com": this host is not among those of REINFER_EWS_ALLOWED_HOSTS: ' +
    '"example.com"',
  ]);
  assert.match(
    (await problems(VALID, allow("https://mail.example.com")))[0] ?? "",
    /^REINFER_EWS_ALLOWED_HOSTS = /,
  );
  const oauth = { ...OAUTH, auth_oauth_client_secret: "s" };
  const graph = { ...without(oauth, "auth_type", "host"), microsoft_api: "graph" };
  const [line] = await problems(graph, allow("login.example.com"));
  assert.match(line ?? "", /^graph_endpoint = "graph\.microsoft\.com": this host/);
  assert.match(
    (await problems(oauth, allow("mail.example.com")))[0] ?? "",
    /^auth_oauth_authority = "login/,
  );
});

Deno.test("proxies are told apart for Exchange and for the authority, and wrong ones are problems", async () => {
  const oauth = { ...OAUTH, auth_oauth_client_secret: "s" };
  const variables = { HTTPS_PROXY: "http://svc:hunter2@proxy:3128" };
  const { exchange } = await configOf(oauth, { variables });
  assert.ok(exchange.auth.type === "oauth2");
  for (const proxy of [exchange.proxy, exchange.auth.proxy]) {
    assert.equal(proxy?.url.href, "http://proxy:3128/");
    assert.equal(proxy?.password?.reveal(), "hunter2");
  }
  const excepted = { ...variables, NO_PROXY: "mail.example.com" };
  const one = (await configOf(oauth, { variables: excepted })).exchange;
  assert.ok(one.auth.type === "oauth2");
  assert.deepEqual([one.proxy, one.auth.proxy?.user], [undefined, "svc"]);
  const wrong = await problems(oauth, { variables: { HTTPS_PROXY: "socks5://a:hunter2@proxy" } });
  assert.equal(wrong.length, 1);
  assert.match(wrong[0]!, /^HTTPS_PROXY: /);
  assert.doesNotMatch(wrong[0]!, /hunter2/);
});

Deno.test("a token is never sent over http to another machine", async () => {
  const oauth = { ...OAUTH, auth_oauth_client_secret: "s" };
  assert.match(
    (await problems({ ...oauth, host: "http://mail" })).join(),
    /^host = "http:\/\/mail\/.*must be https/,
  );
  assert.equal((await load({ ...oauth, host: "http://127.0.0.1" })).kind, "ready");
});

Deno.test("Exchange Online is said to end EWS, and to sign in with oauth2 only", async () => {
  const online = { ...OAUTH, auth_oauth_client_secret: "s", host: "https://outlook.office365.com" };
  const [line, ...others] = await warnings(online);
  assert.match(line ?? "", /^host = "outlook.office365.com": .*1 April 2027.*EwsAllowedAppIDs/);
  assert.deepEqual(others, []);
  const byNtlm = await warnings({ ...VALID, host: "https://outlook.office365.com" });
  assert.match(byNtlm[1] ?? "", /^auth_type = "ntlm": .*oauth2/);
  assert.deepEqual(await warnings({ ...VALID, host: "https://outlook.office365.com.example" }), []);
});

Deno.test("the file is named by flag or variable; without either that is the problem", async () => {
  const read: string[] = [];
  const from = (configFile: string | undefined, variable: string) =>
    loadConfig({
      ...(configFile === undefined ? {} : { configFile }),
      env: (name) => name === "REINFER_EWS_CONFIG" ? variable : undefined,
      readFile: (path) => {
        read.push(path);
        return Promise.resolve(new TextEncoder().encode("\ufeff" + JSON.stringify(VALID)));
      },
    });
  assert.equal((await from("flag.json", "variable.json")).kind, "ready");
  assert.equal((await from(undefined, "variable.json")).kind, "ready");
  const neither = await from(undefined, "");
  assert.ok(neither.kind === "invalid");
  assert.deepEqual(neither.problems.map(problemLine), [
    "Config file: none is named; give --config FILE or set REINFER_EWS_CONFIG",
  ]);
  assert.deepEqual(read, ["flag.json", "variable.json"]);
});

Deno.test("a file that cannot be used is one line with its name and the place in it", async () => {
  assert.deepEqual(await problems('{\n "auth_password": "hunter2",\n}'), [
    'Config file "config.json": it is not JSON: line 3, column 1: A comma before "}"',
  ]);
  assert.deepEqual(await problems("[]"), [
    'Config file "config.json": it must hold one JSON object',
  ]);
  assert.deepEqual(await problems(" ".repeat(4 * 1024 * 1024 + 1)), [
    'Config file "config.json": it is larger than 4096 KiB',
  ]);
  const absent = await loadConfig({
    configFile: "a\nb",
    env: () => undefined,
    readFile: () => Promise.reject(Object.assign(new Error(), { code: "ENOENT" })),
  });
  assert.ok(absent.kind === "invalid");
  assert.deepEqual(absent.problems.map(problemLine), ['Config file "a\\nb": it does not exist']);
});

Deno.test("no JSON makes it reject, and every message is one printable line", async () => {
  const value = fc.jsonValue({ maxDepth: 3 });
  const keyed = fc.dictionary(
    fc.oneof(fc.constantFrom(...KNOWN_KEYS, "__proto__", "constructor"), fc.string()),
    value,
  );
  const mailboxes = fc.dictionary(fc.oneof(fc.emailAddress(), fc.string()), fc.oneof(keyed, value));
  const config = fc.oneof(
    value,
    keyed,
    fc.tuple(keyed, mailboxes).map(([a, b]) => ({ ...a, mailboxes: b })),
  );
  await fc.assert(fc.asyncProperty(config, async (config) => {
    const loaded = await loadText(JSON.stringify(config));
    const found = loaded.kind === "invalid" ? loaded.problems : [];
    for (const line of [...found, ...loaded.warnings].map(problemLine)) {
      assert.doesNotMatch(line, /[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/u);
    }
  }));
});

Deno.test("whatever became of the file, it is read, or said in printable lines without its secret", async () => {
  const bytes = new TextEncoder().encode(JSON.stringify(VALID, undefined, 2));
  const odd = fc.constantFrom(
    ...'"{}[],:\\ue0-9\n\u0000',
    "\ufeff",
    "\u202e",
    "\ud800",
    "[".repeat(99),
  );
  const damaged = fc.array(fc.tuple(fc.nat(bytes.length), fc.oneof(odd, fc.string())), {
    maxLength: 4,
  }).map((changes) => {
    let text = JSON.stringify(VALID, undefined, 2);
    for (const [at, piece] of changes) text = text.slice(0, at) + piece + text.slice(at + 1);
    return new TextEncoder().encode(text);
  });
  const binary = fc.tuple(fc.nat(bytes.length - 1), fc.integer({ min: 128, max: 255 }))
    .map(([at, byte]) => bytes.with(at, byte));
  let [ready, invalid] = [0, 0];
  await fc.assert(
    fc.asyncProperty(fc.oneof(damaged, binary), async (content) => {
      const loaded = await loadConfig({
        configFile: "config.json",
        env: () => undefined,
        readFile: () => Promise.resolve(content),
      });
      if (loaded.kind === "invalid") invalid++;
      else ready++;
      const found = loaded.kind === "invalid" ? loaded.problems : [];
      for (const line of [...found, ...loaded.warnings].map(problemLine)) {
        assert.doesNotMatch(line, /[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]|hunter2/u);
      }
    }),
    { numRuns: 300 },
  );
  assert.ok(ready > 0 && invalid > 0);
});

const KNOWN_KEYS = [
  ...Object.keys(VALID),
  ...Object.keys(OAUTH),
  "bucket",
  "owner",
  "start_timestamp",
];

Deno.test("ten thousand mailboxes are read, and a fault in each of them is reported", async () => {
  const many = (count: number, mailbox: unknown) => ({
    ...VALID,
    mailboxes: Object.fromEntries(
      Array.from({ length: count }, (_, n) => [`mailbox${n}@example.com`, mailbox]),
    ),
  });
  assert.equal((await configOf(many(10_000, MAILBOX))).mailboxes.length, 10_000);
  const lines = await problems(many(10_000, { bucket: { owner: "a b", name: "n" }, unknwon: 1 }));
  assert.equal(lines.length, 10_000);
});

Deno.test("a secret in the effective configuration does not print", async () => {
  const { auth } = (await configOf(VALID)).exchange;
  assert.ok(auth.type === "ntlm" && auth.password.value instanceof Secret);
  assert.doesNotMatch(
    `${auth.password.value} ${JSON.stringify(auth)} ${Deno.inspect(auth)}`,
    /hunter2/,
  );
});
