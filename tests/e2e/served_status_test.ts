import assert from "node:assert/strict";
import { spreadCorpus } from "../exchange/corpus_delivery.ts";
import { type SimulatedExchange, startSimulatedExchange } from "../exchange/simulated_exchange.ts";
import { assertPresentable, runAppliance } from "./appliance.ts";
import { customerOf, readDelivered } from "./customer.ts";
import { serveInstance } from "./served_instance.ts";

const ADDRESS = "a@corp.example";
const SECRET = "Pässwörd 1!";

async function exchangeWithMail(): Promise<SimulatedExchange> {
  const exchange = await startSimulatedExchange();
  spreadCorpus([exchange.addMailbox(ADDRESS)], 120);
  return exchange;
}

Deno.test("a served instance tells of itself what it has done", async () => {
  await using exchange = await exchangeWithMail();
  const mailbox = exchange.store.mailbox(ADDRESS)!;
  const [dead] = mailbox.itemsOf(mailbox.distinguishedFolder("inbox").id);
  mailbox.damage(dead!.id, { code: "ErrorItemCorrupt", parts: ["properties"] });
  await using customer = await customerOf(exchange, { poll_frequency: 1 });
  await using instance = await serveInstance(customer);
  const status = await instance.until(
    ({ totals }) => totals.by_state.up_to_date === 1,
    "folders=1",
  );
  const delivered = await readDelivered(customer.prefix);

  assert.equal(status.detail, "full");
  assert.equal(status.service.ready, true);
  assert.equal(status.totals.delivered, delivered.length);
  assert.equal(status.totals.bytes, delivered.reduce((sum, { bytes }) => sum + bytes, 0));
  assert.equal(status.throughput.emails.reduce((sum, count) => sum + count, 0), delivered.length);
  assert.equal(status.totals.left, 0);
  const [only] = status.mailboxes;
  assert.equal(only!.mailbox, ADDRESS);
  assert.equal(only!.skipped, 1);
  assert.deepEqual(only!.skipped_by_code, { ErrorItemCorrupt: 1 });
  assert.equal(only!.folders![0]!.skipped.emails[0]!.item_id, dead!.id, "trouble comes first");
  assert.deepEqual(status.problems.map(({ kind, code, count }) => [kind, code, count]), [
    ["skipped", "ErrorItemCorrupt", 1],
  ]);
  assert.ok(status.problems[0]!.hint);

  assert.equal((await instance.get("livez")).status, 200);
  assert.equal((await instance.get("readyz")).text, "ready\n");
  const metrics = (await instance.get("metrics")).text;
  const line = `reinfer_ews_emails_delivered_total{mailbox="${ADDRESS}"} ${delivered.length}\n`;
  assert.ok(metrics.includes(line), metrics.slice(0, 2_000));
  assert.match(metrics, /request_duration_seconds_count\{operation="GetItem",outcome="ok"\} [1-9]/);
  assert.match(metrics, /process_cpu_seconds_total [0-9.]*[1-9]/);

  const text = await runAppliance(["status", "--url", instance.url.href]);
  assert.equal(text.code, 0, text.stderr);
  assert.match(text.stdout, /^a@corp\.example: up to date since /m);
  assert.match(text.stdout, /, 0 with backlog, 1 email skipped$/m);
  const json = await runAppliance(["status", "--url", instance.url.href, "--json"]);
  assert.equal(JSON.parse(json.stdout).mailboxes[0].folders.length, only!.folders!.length);

  instance.run.kill("SIGTERM");
  const ended = await instance.run.ended;
  assert.equal(ended.code, 0);
  assertPresentable(ended, [SECRET]);
  for (const shown of [JSON.stringify(status), metrics, text.stdout]) {
    assert.ok(!shown.includes(SECRET));
  }
});

Deno.test("only reading is served, and nobody else may read", async () => {
  await using exchange = await exchangeWithMail();
  await using customer = await customerOf(exchange);
  await using instance = await serveInstance(customer);
  const page = await instance.get("");
  assert.equal(page.status, 200);
  assert.match(page.text, /<title>reinfer-ews<\/title>/);
  const policy = page.headers.get("content-security-policy") ?? "";
  assert.match(policy, /^default-src 'none'; script-src 'self'; style-src 'self';/);
  assert.doesNotMatch(policy, /unsafe|\*|https?:/);
  for (
    const path of ["", "style.css", "script.js", "icon.svg", "status.json", "metrics", "livez"]
  ) {
    const { status, headers } = await instance.get(path);
    assert.equal(status, 200, path);
    assert.equal(headers.get("x-content-type-options"), "nosniff");
    assert.equal(headers.get("cache-control"), "no-store");
    assert.equal(headers.get("access-control-allow-origin"), null);
  }
  for (const method of ["POST", "PUT", "DELETE", "OPTIONS"]) {
    const { status, headers } = await instance.get("", { method });
    assert.deepEqual([status, headers.get("allow")], [405, "GET, HEAD"]);
  }
  const missing = await instance.get("../etc/passwd");
  assert.deepEqual([missing.status, missing.text], [404, "Not found\n"]);
});

Deno.test("a port in use, a foreign address and a name that does not exist end the start in a line", async () => {
  await using exchange = await exchangeWithMail();
  await using customer = await customerOf(exchange);
  using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const refused = {
    [`127.0.0.1:${taken.addr.port}`]: /the port is in use/,
    "192.0.2.1:0": /this machine has no such address/,
    "no-such-host.invalid:0": /Cannot listen on "no-such-host\.invalid:0": /,
  };
  for (const [bind, reason] of Object.entries(refused)) {
    const run = await runAppliance([...customer.run, "--bind", bind]);
    assert.equal(run.code, 2, run.stderr);
    assert.equal(run.log.length, 1, run.stderr);
    const [line] = run.log;
    assert.deepEqual([line!.msg, line!.code, line!.exitCode], ["Cannot go on.", "BindFailed", 2]);
    assert.match(String(line!.reason), reason);
    assert.ok(line!.hint);
    assertPresentable(run, [SECRET]);
  }
  assert.equal(exchange.connections, 0, "it ends before the first sign-in");
});

Deno.test("a held account is said at /readyz while the process stays", async () => {
  await using exchange = await exchangeWithMail();
  await using customer = await customerOf(exchange, { auth_password: "wrong one" });
  await using instance = await serveInstance(customer);
  await instance.until(({ service }) => service.phase === "ending");
  const ready = await instance.get("readyz");
  assert.equal(ready.status, 503);
  const { text } = ready;
  assert.match(text, /^not ready\nsign-in: .*refused.* \(CredentialsRefused\); until 20/);
  assert.match(text, /\n {2}What to do: /);
  assert.equal((await instance.get("livez")).status, 200);
  assert.doesNotMatch(text, /wrong one/);
  const metrics = (await instance.get("metrics")).text;
  assert.match(metrics, /^reinfer_ews_ready 0$/m);
  instance.run.kill("SIGTERM");
  assert.equal((await instance.run.ended).code, 0);
});

Deno.test("a destination that fails is said at /readyz, and its return, too", async () => {
  await using exchange = await exchangeWithMail();
  await using customer = await customerOf(exchange, { poll_frequency: 1 });
  await using instance = await serveInstance(customer);
  await instance.until(({ totals }) => totals.by_state.up_to_date === 1);
  // A folder in place of the file system: everything below is gone, and nothing can be made there.
  await Deno.rename(customer.prefix, `${customer.prefix}.away`);
  await Deno.writeTextFile(customer.prefix, "no folder");
  const mailbox = exchange.store.mailbox(ADDRESS)!;
  const [item] = mailbox.itemsOf(mailbox.distinguishedFolder("inbox").id);
  mailbox.copy(item!.id, mailbox.distinguishedFolder("sentitems").id);
  const failing = await instance.until(({ service }) => !service.ready);
  assert.equal(failing.service.not_ready[0]!.what, "destination");
  assert.equal(failing.problems[0]!.kind, "not_ready");
  const ready = await instance.get("readyz");
  assert.equal(ready.status, 503);
  assert.match(ready.text, /^not ready\ndestination: /);
  await Deno.remove(customer.prefix);
  await Deno.rename(`${customer.prefix}.away`, customer.prefix);
  await instance.until(({ service, totals }) => service.ready && totals.by_state.up_to_date === 1);
});

Deno.test("the server outlives a change of the configuration, and so does what was counted", async () => {
  await using exchange = await exchangeWithMail();
  await using customer = await customerOf(exchange, { poll_frequency: 1 });
  await using instance = await serveInstance(customer);
  const before = await instance.until(({ totals }) => totals.by_state.up_to_date === 1);
  const config = JSON.parse(await Deno.readTextFile(customer.configFile));
  config.mailboxes["b@corp.example"] = config.mailboxes[ADDRESS];
  await Deno.writeTextFile(customer.configFile, JSON.stringify(config));
  instance.run.kill("SIGHUP");
  const after = await instance.until(({ totals }) => totals.by_state.suspended === 1);
  assert.equal(after.instance.started_at, before.instance.started_at);
  assert.equal(after.totals.mailboxes, 2);
  assert.equal(after.totals.delivered, before.totals.delivered);
  const [problem] = after.problems;
  assert.deepEqual([problem!.kind, problem!.code, problem!.examples![0]!.mailbox], [
    "suspended",
    "ErrorNonExistentMailbox",
    "b@corp.example",
  ]);
});

Deno.test("a summary tells an instance's state and no names, and off tells nothing", async () => {
  await using exchange = await exchangeWithMail();
  await using customer = await customerOf(exchange, { poll_frequency: 1 });
  await using instance = await serveInstance(customer, "--status", "summary");
  await instance.until(({ totals }) => totals.by_state.up_to_date === 1);
  for (const path of ["status.json?folders=1&search=a@corp", "status.json?folders=1", "metrics"]) {
    assert.doesNotMatch(
      (await instance.get(path)).text,
      /corp|Inbox|reinfer-ews-e2e/,
      path,
    );
  }
  const text = await runAppliance(["status", "--url", instance.url.href]);
  assert.match(text.stdout, /^Mailbox 1: up to date since /m);

  await using silent = await serveInstance(customer, "--status", "off");
  for (const path of ["", "status.json", "script.js"]) {
    assert.equal((await silent.get(path)).status, 404);
  }
  assert.match((await silent.get("metrics")).text, /^reinfer_ews_mailboxes 1$/m);
  const unknown = await runAppliance(["status", "--url", silent.url.href]);
  assert.equal(unknown.code, 1);
  assert.match(unknown.stderr, /\(NoInstance\)/);
});
