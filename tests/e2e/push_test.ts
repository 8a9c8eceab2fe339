import assert from "node:assert/strict";
import { corpusEmails } from "../exchange/corpus.ts";
import { headerOf } from "../exchange/mime_header.ts";
import { heldMime } from "../exchange/mime_source.ts";
import { NESTED_EMAIL } from "../exchange/ews/example_service.ts";
import { SimulatedPlatform } from "../platform/simulated_platform.ts";
import { spawnAppliance } from "./appliance.ts";
import { platformCustomer, runOnce } from "./platform_customer.ts";
import {
  BUCKET,
  EMAILS,
  emailsOn,
  exchangeWithMail,
  push,
  pushTo,
  syncedToFiles,
  uniqueIds,
} from "./stored_mail.ts";

/** Mail that consists of parts, as mail with attachments does; none of it is in `exchangeWithMail`. */
function emailsOfParts() {
  return corpusEmails().slice(EMAILS)
    .filter(({ bytes }) => headerOf(bytes).get("content-type")?.startsWith("multipart/mixed"))
    .slice(0, 80)
    .map(({ bytes }) => heldMime(bytes));
}

Deno.test("files that are pushed are on the platform as after a direct sync, email for email", async () => {
  await using exchange = await exchangeWithMail();
  const mailbox = exchange.store.mailbox("a@corp.example")!;
  const inbox = mailbox.distinguishedFolder("inbox").id;
  for (const mime of [NESTED_EMAIL, ...emailsOfParts()]) mailbox.deliver(inbox, mime);
  const settings = { bucket: BUCKET, upload_attachments: true };
  const mailboxes = { "a@corp.example": settings, "b@corp.example": settings };
  await using set = await platformCustomer(exchange, { mailboxes });
  const direct = await runOnce(set, set.withState("run"));
  assert.equal(direct.code, 0, direct.stderr);
  const files = await syncedToFiles(set);
  await using platform = new SimulatedPlatform({ buckets: [BUCKET] });
  const run = await push(set, pushTo(set, platform));
  assert.equal(run.code, 0, run.stderr);
  assert.match(run.stdout, new RegExp(`^${files.length} emails \\(.* MB\\) pushed from `, "m"));
  const [pushed, expected] = [emailsOn(platform), emailsOn(set.platform)];
  assert.deepEqual([...pushed.keys()].toSorted(), [...expected.keys()].toSorted());
  const ids = uniqueIds(files);
  assert.ok(ids.length > EMAILS / 2);
  for (const id of ids) assert.deepEqual(pushed.get(id), expected.get(id));
  const attachments = set.platform.ledger.attachments;
  assert.ok(attachments.size > 20, `${attachments.size} attachments`);
  assert.deepEqual(platform.ledger.attachments, attachments);
});

Deno.test("a push that is killed again and again arrives at its end, and never begins at the beginning", async () => {
  await using exchange = await exchangeWithMail();
  await using set = await platformCustomer(exchange, { reinfer_batch_size: 5 });
  const files = await syncedToFiles(set);
  const { platform } = set;
  const args = pushTo(set, platform);
  for (const kill of [8, 20, 35]) {
    await using running = spawnAppliance(args, set.env);
    const { promise: reached, resolve } = Promise.withResolvers<void>();
    platform.intercept = () => {
      if (platform.ledger.puts.length >= kill) resolve();
      return undefined;
    };
    await reached;
    running.kill("SIGKILL");
    await running.ended;
  }
  platform.intercept = undefined;
  const run = await push(set, args);
  assert.equal(run.code, 0, run.stderr);
  assert.ok(run.log.some(({ msg }) => msg.startsWith("An earlier push did not end")));
  assert.match(run.stdout, new RegExp(`^${files.length} emails `, "m"), "each is counted once");
  const pushed = emailsOn(platform);
  assert.deepEqual(
    [...pushed.keys()].toSorted(),
    [...new Set(files.map(({ json }) => json.id))].toSorted(),
  );
  const sent = platform.ledger.puts.reduce((sum, { ids }) => sum + ids.length, 0);
  // Eight batches are in flight, and the kill comes a moment late.
  assert.ok(sent <= files.length + 3 * 5 * 16, `${sent} emails sent for ${files.length}`);
});

Deno.test("SIGTERM ends a push with exit code 1, and the next one goes on", async () => {
  await using exchange = await exchangeWithMail();
  await using set = await platformCustomer(exchange, {
    reinfer_batch_size: 5,
    max_concurrent_uploads: 1,
  });
  const files = await syncedToFiles(set);
  const { platform } = set;
  await using running = spawnAppliance(pushTo(set, platform), set.env);
  const { promise: reached, resolve } = Promise.withResolvers<void>();
  platform.intercept = () => {
    if (platform.ledger.puts.length < 5) return undefined;
    resolve();
    return { kind: "slow", until: gone.promise };
  };
  const gone = Promise.withResolvers<void>();
  await reached;
  running.kill("SIGTERM");
  await running.logged(({ msg }) => msg.startsWith("Stopping"));
  gone.resolve();
  const { code, stderr } = await running.ended;
  assert.equal(code, 1, stderr);
  assert.match(stderr, /goes on where this one stopped/);
  platform.intercept = undefined;
  const run = await push(set, pushTo(set, platform));
  assert.equal(run.code, 0, run.stderr);
  const sent = platform.ledger.puts.reduce((sum, { ids }) => sum + ids.length, 0);
  assert.equal(sent, files.length, "what was in flight was finished, and nothing is sent twice");
});

Deno.test("a dry run counts, and a damaged file is named; neither needs the platform to be there", async () => {
  await using exchange = await exchangeWithMail();
  await using set = await platformCustomer(exchange);
  const files = await syncedToFiles(set);
  await Deno.truncate(files[0]!.path.replace(/json$/, "eml"), 1);
  const run = await push(set, pushTo(set, set.platform, "--dry-run"));
  assert.equal(run.code, 1);
  assert.match(run.stdout, new RegExp(`^${files.length - 1} emails .*, 1 damaged$`, "m"));
  assert.equal(
    run.log.find(({ code }) => code === "StoredEmailDamaged")?.["id"],
    files[0]!.json.id,
  );
  assert.equal(set.platform.ledger.requests.length, 0);
});
