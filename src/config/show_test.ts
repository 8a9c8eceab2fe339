import assert from "node:assert/strict";
import { type ConfigOptions, parseCommandLine } from "./flags.ts";
import { loadConfig, type LoadedConfig } from "./load.ts";
import { refusalLines, renderConfigShow, renderConfigValidate } from "./show.ts";

const CONFIG = {
  host: "https://mail.example.com",
  auth_user: "svc",
  mailboxes: {
    "a@b.c": { bucket: { owner: "acme", name: "mail" }, start_timestamp: "2024-05-31" },
    "d@b.c": { bucket: { owner: "acme", name: "mail" }, enabled: false },
  },
};
const VARIABLES: Readonly<Record<string, string>> = { REINFER_EWS_AUTH_PASS: "hunter2" };

function load(config: unknown): Promise<LoadedConfig> {
  return loadConfig({
    configFile: "config.json",
    env: (name) => VARIABLES[name],
    readFile: () => Promise.resolve(new TextEncoder().encode(JSON.stringify(config))),
  });
}

function optionsOf(line: string): ConfigOptions {
  const parsed = parseCommandLine(line.split(" "), () => undefined);
  assert.ok(parsed.command === "config show");
  return parsed.options;
}

const OPTIONS = optionsOf("config show --config config.json");

Deno.test("config show lists every effective value with its origin, secrets masked", async () => {
  const { stdout, stderr, exitCode } = renderConfigShow(await load(CONFIG), OPTIONS);
  assert.equal(exitCode, 0);
  assert.equal(stderr, "");
  assert.equal(
    stdout,
    `\
# 1 mailbox (1 more disabled), Exchange at https://mail.example.com/EWS/Exchange.asmx
--config                           = "config.json"               flag
--reinfer-api-prefix               = "/api/_private"             default
--debug-level                      = "1"                         default
host                               = "https://mail.example.com"  file
auth_user                          = "svc"                       file
auth_password                      = [secret]                    environment REINFER_EWS_AUTH_PASS
access_type                        = "delegate"                  default
microsoft_api                      = "ews"                       default
ews_ssl_verify                     = true                        default
poll_frequency                     = 15                          default
poll_message_sleep                 = 0.1                         default
max_concurrent_uploads             = 8                           default
emails_per_folder                  = 2520                        default
reinfer_batch_size                 = 80                          default
notifications                      = "poll"                      default
auth_type                          = "ntlm"                      default
mailboxes["a@b.c"].bucket.owner    = "acme"                      file
mailboxes["a@b.c"].bucket.name     = "mail"                      file
mailboxes["a@b.c"].start_from      = "bucket"                    default
mailboxes["a@b.c"].start_timestamp = "2024-05-31"                file
mailboxes["a@b.c"].enabled         = true                        default
mailboxes["d@b.c"].bucket.owner    = "acme"                      file
mailboxes["d@b.c"].bucket.name     = "mail"                      file
mailboxes["d@b.c"].start_from      = "bucket"                    default
mailboxes["d@b.c"].enabled         = false                       file
`,
  );
});

Deno.test("config show lists the entries of lists one by one, on printable lines", async () => {
  const mailbox = {
    ...CONFIG.mailboxes["a@b.c"],
    folder_allowlist: [["Inbox"], ["Projects", "A/B\n\u202e"]],
    participant_denylist: ["X@b.c"],
    participant_domain_denylist: [],
  };
  const loaded = await load({ ...CONFIG, mailboxes: { "a@b.c": mailbox } });
  const lines = renderConfigShow(loaded, OPTIONS).stdout.split("\n");
  assert.deepEqual(
    lines.filter((line) => line.includes("list")).map((line) => line.replaceAll(/ +/g, " ")),
    [
      'mailboxes["a@b.c"].folder_allowlist[0] = ["Inbox"] file',
      'mailboxes["a@b.c"].folder_allowlist[1] = ["Projects", "A/B\\n\\u202e"] file',
      'mailboxes["a@b.c"].participant_denylist[0] = "X@b.c" file',
      'mailboxes["a@b.c"].participant_domain_denylist = [] file',
    ],
  );
});

Deno.test("config show tells the defaults that depend on other keys", async () => {
  const oauth = {
    auth_oauth_authority: "https://login.example.com/tenant",
    auth_oauth_client_id: "client",
    auth_oauth_client_secret: "hunter2",
    mailboxes: {},
  };
  const defaultsOf = async (config: unknown) =>
    renderConfigShow(await load(config), OPTIONS).stdout.split("\n")
      .filter((line) => /^(auth_type|graph_endpoint|auth_oauth_scope) .* default$/.test(line))
      .map((line) => line.replaceAll(/ +/g, " "));
  assert.deepEqual(await defaultsOf({ ...oauth, auth_type: "oauth2", host: "https://mail:444" }), [
    'auth_oauth_scope = "https://mail:444/.default" default',
  ]);
  assert.deepEqual(await defaultsOf({ ...oauth, microsoft_api: "graph" }), [
    'auth_type = "oauth2" default',
    'graph_endpoint = "https://graph.microsoft.com" default',
    'auth_oauth_scope = "https://graph.microsoft.com/.default" default',
  ]);
});

Deno.test("config show puts problems on standard error and warnings beside the values", async () => {
  const invalid = renderConfigShow(await load({ ...CONFIG, port: 0 }), OPTIONS);
  assert.deepEqual(invalid, {
    stdout: "",
    stderr: "port = 0: must be a whole number from 1 to 65535\n",
    exitCode: 2,
  });
  const warned = renderConfigShow(await load({ ...CONFIG, prot: 0 }), OPTIONS);
  assert.equal(warned.exitCode, 0);
  assert.equal(warned.stderr, 'Warning: prot: unknown key, ignored; did you mean "port"?\n');
});

Deno.test("config validate says what is valid, and how many mailboxes a shard takes", async () => {
  assert.deepEqual(renderConfigValidate(await load(CONFIG), OPTIONS), {
    stdout: "The configuration is valid: 1 mailbox (1 more disabled), " +
      "Exchange at https://mail.example.com/EWS/Exchange.asmx.\n",
    stderr: "",
    exitCode: 0,
  });
  const shards = [0, 1].map((number) =>
    optionsOf(`config show --shard-name x-${number} --total-shards 2`)
  );
  const loaded = await load(CONFIG);
  const shares = shards.map((options) =>
    /(\d) of them in shard \d \(of 0 to 1\)/.exec(renderConfigValidate(loaded, options).stdout)?.[1]
  );
  assert.deepEqual(shares.sort(), ["0", "1"]);
});

Deno.test("config validate lists all warnings and problems and counts the problems", async () => {
  const loaded = await load({ ...CONFIG, prot: 1, port: 0, poll_frequency: "often" });
  assert.deepEqual(renderConfigValidate(loaded, OPTIONS), {
    stdout: 'Warning: prot: unknown key, ignored; did you mean "port"?\n' +
      "port = 0: must be a whole number from 1 to 65535\n" +
      'poll_frequency = "often": must be a number of seconds from 0.1 to 86400\n' +
      "The configuration has 2 problems.\n",
    stderr: "",
    exitCode: 2,
  });
});

Deno.test("what run refuses of a valid configuration is said by validate, and stops run", async () => {
  const loaded = await load({ ...CONFIG, ews_ssl_ciphers: "HIGH" });
  const { stdout, exitCode } = renderConfigValidate(loaded, optionsOf("config show"));
  assert.equal(exitCode, 0);
  assert.deepEqual(stdout.split("\n").slice(0, 1), [
    'ews_ssl_ciphers: not in this version; "run" refuses it',
  ]);
  assert.deepEqual(refusalLines(loaded), ["ews_ssl_ciphers: not in this version"]);
  assert.deepEqual(refusalLines(await load({ ...CONFIG, port: 0 })), [
    "port = 0: must be a whole number from 1 to 65535",
  ]);
  assert.deepEqual(refusalLines(await load(CONFIG)), []);
});
