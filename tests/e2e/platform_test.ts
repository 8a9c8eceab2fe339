import assert from "node:assert/strict";
import { join } from "node:path";
import { NESTED_EMAIL } from "../exchange/ews/example_service.ts";
import type { PlatformFault } from "../platform/simulated_platform.ts";
import { waitUntil } from "../../src/http/testing/wait_until.ts";
import { assertPresentable, type Run, runAppliance, spawnAppliance } from "./appliance.ts";
import type { CheckJson } from "./diagnosis.ts";
import {
  assertComplete,
  EMAILS,
  exchangeWithMail,
  expectedRecords,
  platformCustomer,
  runOnce,
  stored,
} from "./platform_customer.ts";

/** Faults by turns: one of these for every so many uploads. */
function trouble(every: number, faults: readonly PlatformFault[]) {
  let uploads = 0;
  return ({ method, segments }: { method: string; segments: readonly string[] }) => {
    if (method !== "PUT" || segments.at(-1) !== "emails") return undefined;
    const turn = uploads++ / every;
    return Number.isInteger(turn) ? faults[turn % faults.length] : undefined;
  };
}

/** Asserts what a run says at its end of all emails. */
function assertCounted(run: Run, counts: { readonly delivered: number; readonly skipped: number }) {
  const { delivered, skipped } = run.log.find(({ msg }) => msg === "Sync finished.")!;
  assert.deepEqual({ delivered, skipped }, counts);
}

Deno.test("mail comes to the platform complete; with state on disk, a second run fetches nothing", async () => {
  await using exchange = await exchangeWithMail();
  await using set = await platformCustomer(exchange);
  const first = await runOnce(set, set.withState("run"));
  assert.equal(first.code, 0, first.stderr);
  const expected = expectedRecords(exchange);
  assertComplete(stored(set), expected);
  const served = exchange.ledger.totals().mimeServed;
  const puts = set.platform.ledger.puts.length;
  const second = await runOnce(set, set.withState("run"));
  assert.equal(second.code, 0, second.stderr);
  assert.equal(exchange.ledger.totals().mimeServed, served);
  assert.equal(set.platform.ledger.puts.length, puts);
  const states = set.platform.statesOf(set.bucketId);
  assert.ok(states.length > 20, "the vendor's tools see every folder");
  assert.ok(states.every(({ status }) => status === "UP_TO_DATE"));
});

Deno.test("whatever the platform does to uploads, nothing is lost and nothing is there twice", async () => {
  await using exchange = await exchangeWithMail();
  await using set = await platformCustomer(exchange);
  const { platform } = set;
  platform.bodyBytesMax = 300_000;
  platform.intercept = trouble(3, [
    { kind: "status", status: 429, headers: { "retry-after": "0" } },
    { kind: "reset", when: "before" },
    { kind: "status", status: 503, body: "<html>gateway</html>" },
    { kind: "reset", when: "after" },
    { kind: "status", status: 409 },
  ]);
  const run = await runOnce(set, set.args("run"));
  assert.equal(run.code, 0, run.stderr);
  assertComplete(stored(set), expectedRecords(exchange));
  assertCounted(run, { delivered: EMAILS, skipped: 0 });
});

Deno.test("an email that the platform will not have is on record, and the others of its batch arrive", async () => {
  await using exchange = await exchangeWithMail();
  await using set = await platformCustomer(exchange);
  const expected = new Map(expectedRecords(exchange));
  const poison = [...expected.keys()].filter((_, index) => index % 60 === 7);
  for (const id of poison) {
    set.platform.poisonIds.add(id);
    expected.delete(id);
  }
  const run = await runOnce(set, set.withState("run"));
  assert.equal(run.code, 1, "emails were refused");
  assertComplete(stored(set), expected);
  assertCounted(run, { delivered: EMAILS - poison.length, skipped: poison.length });

  set.platform.poisonIds.clear();
  const again = await runOnce(set, set.withState("run", "--retry-skipped"));
  assert.equal(again.code, 0, again.stderr);
  assertComplete(stored(set), expectedRecords(exchange));
});

Deno.test("killed again and again without state on disk, a sync completes, and its progress is kept", async () => {
  await using exchange = await exchangeWithMail();
  await using set = await platformCustomer(exchange, { poll_frequency: 0.2 });
  const { platform, bucketId } = set;
  const until = () =>
    new Map(
      platform.statesOf(bucketId).map((state) => [
        `${state["mailbox_name"]} ${state["folder_id"]}`,
        Date.parse(String(state["synced_until"] ?? 0)),
      ]),
    );
  let before = until();
  for (let kill = 1; kill <= 6; kill++) {
    const running = spawnAppliance(set.args("run"), set.env);
    const goal = stored(set).length + EMAILS / 10;
    await waitUntil(() => stored(set).length >= goal);
    running.kill("SIGKILL");
    assert.equal((await running.ended).code, 137);
    const after = until();
    for (const [folder, time] of before) {
      assert.ok((after.get(folder) ?? 0) >= time, `${folder} fell back`);
    }
    before = after;
  }
  const run = await runOnce(set, set.args("run"));
  assert.equal(run.code, 0, run.stderr);
  assertComplete(stored(set), expectedRecords(exchange));
});

Deno.test("a token that is revoked pauses everything until it works again", async () => {
  await using exchange = await exchangeWithMail();
  await using set = await platformCustomer(exchange, { poll_frequency: 0.2 });
  const { token } = set.platform;
  await using running = spawnAppliance(set.withState("run"), set.env);
  await waitUntil(() => stored(set).length >= 50);
  set.platform.token = "another";
  const line = await running.logged(({ msg }) =>
    msg === "Destination does not work; every mailbox waits."
  );
  assert.match(String(line.hint), /REINFER_API_TOKEN/);
  set.platform.token = token;
  await waitUntil(() => stored(set).length === expectedRecords(exchange).size);
  running.kill("SIGTERM");
  assert.equal((await running.ended).code, 0);
});

Deno.test("a token that was replaced in its file is read again, and nothing waits", async () => {
  await using exchange = await exchangeWithMail();
  await using set = await platformCustomer(exchange, { poll_frequency: 0.2 });
  const file = join(set.customer.folder, "token");
  await Deno.writeTextFile(file, set.platform.token);
  await using running = spawnAppliance(set.args("run"), { REINFER_API_TOKEN_FILE: file });
  await waitUntil(() => stored(set).length >= 50);
  await Deno.writeTextFile(file, "its-successor");
  set.platform.token = "its-successor";
  await waitUntil(() => stored(set).length === expectedRecords(exchange).size);
  running.kill("SIGTERM");
  const run = await running.ended;
  assert.equal(run.code, 0, run.stderr);
  assert.ok(!run.log.some(({ msg }) => msg.startsWith("Destination does not work")), run.stderr);
  assertPresentable(run, ["token-of-the-simulation", "its-successor"]);
});

Deno.test("attachments are uploaded with their content where the mailbox says so", async () => {
  await using exchange = await exchangeWithMail(30);
  const mailbox = exchange.store.mailbox("a@corp.example")!;
  mailbox.deliver(mailbox.distinguishedFolder("inbox").id, NESTED_EMAIL);
  const bucket = { owner: "owner", name: "bucket" };
  const mailboxes = { "a@corp.example": { bucket, upload_attachments: true } };
  await using set = await platformCustomer(exchange, { mailboxes });
  const run = await runOnce(set, set.args("run"));
  assert.equal(run.code, 0, run.stderr);
  const listed = stored(set).reduce((sum, { attachments }) => sum + attachments.length, 0);
  assert.ok(listed >= 2, "there is mail with attachments");
  assert.equal(set.platform.ledger.totals().attachments, listed);
});

Deno.test("check looks at the bucket and the sync states, and names what is missing", async () => {
  await using exchange = await exchangeWithMail(20);
  await using set = await platformCustomer(exchange);
  const check = async () => {
    const run = await runAppliance(set.args("check", "--json"), set.env);
    const lines: readonly CheckJson[] = JSON.parse(run.stdout).checks;
    return { code: run.code, line: lines.find(({ check }) => check === "destination")! };
  };
  const fine = await check();
  assert.deepEqual([fine.code, fine.line.verdict], [0, "pass"]);
  assert.equal(stored(set).length, 0, "no email is sent");
  set.platform.buckets.clear();
  const missing = await check();
  assert.deepEqual([missing.code, missing.line.code], [4, "PlatformBucketMissing"]);
  assert.match(missing.line.remedy ?? "", /owner\/bucket/);
});
