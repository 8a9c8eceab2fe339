import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { extremeEmails } from "./extreme_emails.ts";
import { RawHttpClient } from "./raw_http_client.ts";

const MAIN = fileURLToPath(new URL("./main.ts", import.meta.url));

function started(...flags: readonly string[]): Deno.ChildProcess {
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", MAIN, ...flags],
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}

Deno.test("as a process it says where it is when it is ready, and sums up when it ends", async () => {
  const dir = await Deno.makeTempDir();
  const flags = [
    "--mailboxes",
    "2",
    "--emails",
    "30",
    "--deliver-every-ms",
    "1",
    "--extremes",
    "--dir",
    dir,
  ];
  await using process = started(...flags);
  const lines = process.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const ready = JSON.parse((await lines.read()).value!);
  assert.equal(ready.event, "ready");
  assert.match(ready.endpoint, /^https:\/\/127\.0\.0\.1:\d+\/EWS\/Exchange\.asmx$/);
  assert.equal(ready.mailboxes.length, 2);
  assert(ready.emails > 30 + 2 * extremeEmails().length);
  assert.match(await Deno.readTextFile(ready.caFile), /BEGIN CERTIFICATE/);
  const listening = await Deno.connect({
    hostname: "127.0.0.1",
    port: Number(new URL(ready.endpoint).port),
  });
  listening.close();
  process.kill("SIGTERM");
  const ended = JSON.parse((await lines.read()).value!);
  assert.equal(ended.event, "ended");
  assert.equal(ended.requests, 0);
  assert.equal((await process.status).code, 0);
  await lines.cancel();
  await process.stderr.cancel();
  await Deno.remove(dir, { recursive: true });
});

Deno.test("with OAuth it says what a client has to be configured with", async () => {
  const dir = await Deno.makeTempDir();
  const flags = ["--mailboxes", "1", "--emails", "3", "--auth", "oauth2", "--graph", "--dir", dir];
  await using process = started(...flags, "--token-seconds", "60");
  const lines = process.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const ready = JSON.parse((await lines.read()).value!);
  const form = new URLSearchParams({
    grant_type: "client_credentials",
    client_id: ready.clientId,
    client_secret: ready.clientSecret,
    scope: `${new URL(ready.endpoint).origin}/.default`,
  });
  const { port, pathname } = new URL(ready.authority);
  const caCerts = [await Deno.readTextFile(ready.authorityCaFile)];
  using authority = new RawHttpClient(
    await Deno.connectTls({ hostname: "localhost", port: Number(port), caCerts }),
  );
  const type = "Content-Type: application/x-www-form-urlencoded";
  const issued = await authority.post(`${pathname}/oauth2/v2.0/token`, [type], form.toString());
  const { access_token: token, expires_in: lifetimeS } = JSON.parse(issued.body);
  assert.equal(lifetimeS, 60);

  using exchange = new RawHttpClient(
    await Deno.connectTls({
      hostname: "localhost",
      port: Number(new URL(ready.endpoint).port),
      caCerts: [await Deno.readTextFile(ready.caFile)],
    }),
  );
  const post = (bearer: string) => {
    const headers = [`Authorization: Bearer ${bearer}`, "Content-Type: text/xml"];
    return exchange.post("/EWS/Exchange.asmx", headers, "<no/>");
  };
  const refused = await post("wrong");
  assert.equal(refused.status, 401);
  assert.match(refused.headers.get("www-authenticate")?.[0] ?? "", /error="invalid_token"/);
  assert.match(refused.headers.get("x-ms-diagnostics")?.[0] ?? "", /invalid signature/);
  assert.equal((await post(token)).status, 500, "a fault: it is no SOAP, and it is signed in");
  using graph = new RawHttpClient(
    await Deno.connectTls({
      hostname: "localhost",
      port: Number(new URL(ready.graphEndpoint).port),
      caCerts: [await Deno.readTextFile(ready.graphCaFile)],
    }),
  );
  const foreign = [`Authorization: Bearer ${token}`];
  const inbox = `/v1.0/users/${ready.mailboxes[0]}/mailFolders/inbox`;
  assert.equal((await graph.get(inbox, foreign)).status, 401, "the token is for Exchange");
  assert.match(await Deno.readTextFile(ready.privateKeyFile), /BEGIN PRIVATE KEY/);
  process.kill("SIGTERM");
  const ended = JSON.parse((await lines.read()).value!);
  assert.deepEqual([ended.tokens, ended.refusedLogons], [1, 0]);
  await process.status;
  await lines.cancel();
  await process.stderr.cancel();
  await Deno.remove(dir, { recursive: true });
});

Deno.test("flags it does not understand end it at once, with what it does understand", async () => {
  for (
    const flags of [
      ["--mailboxes", "none"],
      ["--unheard"],
      ["--tls", "--plain"],
      ["--auth", "kerberos"],
      ["--graph"],
    ]
  ) {
    const process = started(...flags);
    const { code, stderr } = await process.output();
    assert.equal(code, 2);
    assert.match(new TextDecoder().decode(stderr), /--deliver-every-ms/);
  }
});
