import assert from "node:assert/strict";
import { failure, mailbox, world } from "./testing/world.ts";

const a = mailbox("a");
const b = mailbox("b");

Deno.test("once delivers everything; a second time nothing is fetched again", async () => {
  const { source, destination, restart } = world();
  for (const name of ["Inbox", "Sent"]) {
    const folder = source.addFolder(a, name);
    for (let n = 0; n < 700; n++) source.arrive(folder);
  }
  const [report] = await restart().run({ once: true });
  assert.equal(report!.counts.delivered, 1_400);
  assert.equal(report!.failed, undefined);
  assert.equal(destination.emails.size, 1_400);
  assert.equal(destination.isLocked(a), false);
  source.calls.length = 0;
  const [again] = await restart().run({ once: true });
  assert.equal(again!.counts.delivered, 0);
  assert.equal(source.fetched.length, 1_400);
  assert.deepEqual(source.calls, ["folders a@x", "changes a@x/Inbox", "changes a@x/Sent"]);
});

Deno.test("new mail does not wait behind old mail", async () => {
  const { source, destination, restart } = world();
  const folder = source.addFolder(a, "Inbox");
  for (let n = 0; n < 50; n++) source.arrive(folder);
  let fresh: string | undefined;
  destination.fault = (call) => {
    if (call === "put" && destination.emails.size === 10) {
      fresh ??= source.arrive(folder, { minute: 1_000 });
    }
    return undefined;
  };
  await restart().run({ once: true, emailsPerFolder: 10 });
  const order = [...destination.emails.keys()].indexOf(`<${fresh}@x>`);
  assert.ok(order < 30, `the fresh email came as number ${order}`);
  assert.equal(destination.emails.size, 51);
});

Deno.test("a folder's state never moves over a page that was not stored", async () => {
  const { source, destination, restart } = world();
  const folder = source.addFolder(a, "Inbox");
  for (let n = 0; n < 10; n++) source.arrive(folder);
  destination.fault = (call) => call === "put" ? failure("mailbox") : undefined;
  const [report] = await restart().run({ once: true });
  assert.equal(report!.failed?.code, "Code");
  assert.equal(destination.states.get(folder.id)!.phase.name, "backfilling");
  destination.fault = () => undefined;
  await restart().run({ once: true });
  assert.equal(destination.emails.size, 10);
});

Deno.test("mail that arrives between the token and the listing is neither lost nor refetched", async () => {
  const { source, destination, restart } = world();
  const folder = source.addFolder(a, "Inbox");
  source.arrive(folder);
  source.fault = (call) => {
    if (call === "list") {
      source.fault = () => undefined;
      source.arrive(folder);
    }
    return undefined;
  };
  await restart().run({ once: true });
  await restart().run({ once: true });
  assert.equal(destination.emails.size, 2);
  assert.equal(source.fetched.length, 2);
});

Deno.test("one folder's failure keeps no other from its turn, and is named", async () => {
  const { source, destination, restart } = world();
  source.arrive(source.addFolder(a, "Bad"));
  source.arrive(source.addFolder(a, "Good"));
  source.fault = (call, id) =>
    call === "changes" && id.endsWith("Bad") ? failure("folder", "ErrorAccessDenied") : undefined;
  const process = restart();
  const [report] = await process.run({ once: true });
  assert.equal(destination.emails.size, 1);
  assert.deepEqual(report!.failed?.context.folder, ["Bad"]);
  assert.deepEqual(process.errors().map(({ fields }) => fields.code), ["ErrorAccessDenied"]);
});

Deno.test("an email that cannot be read is skipped on the record and blocks nothing", async () => {
  const { source, destination, restart } = world();
  const folder = source.addFolder(a, "Inbox");
  const bad = source.arrive(folder);
  source.arrive(folder);
  source.fault = (call, id) =>
    call === "fetch item" && id === bad ? failure("item", "ErrorItemCorrupt") : undefined;
  const process = restart();
  const [report] = await process.run({ once: true });
  assert.equal(report!.counts.skipped, 1);
  assert.equal(report!.counts.delivered, 1);
  const [skipped] = destination.states.get(folder.id)!.skipped;
  assert.equal(skipped!.itemId, bad);
  assert.equal(skipped!.id, `<${bad}@x>`);
  assert.equal(skipped!.code, "ErrorItemCorrupt");
  assert.equal(process.errors().length, 1);
});

Deno.test("an email that vanished is settled without a word", async () => {
  const { source, destination, restart } = world();
  const folder = source.addFolder(a, "Inbox");
  source.arrive(folder);
  folder.changes.push({ kind: "create", itemId: "gone" });
  await restart().run({ once: true });
  folder.changes.push({ kind: "create", itemId: "gone too" });
  const process = restart();
  const [report] = await process.run({ once: true });
  assert.equal(report!.counts.vanished, 1);
  assert.equal(destination.emails.size, 1);
  assert.deepEqual(process.errors(), []);
});

Deno.test("a token the server refuses is taken anew without fetching anything again", async () => {
  const { source, destination, restart } = world();
  const folder = source.addFolder(a, "Inbox");
  for (let n = 0; n < 5; n++) source.arrive(folder);
  await restart().run({ once: true });
  source.arrive(folder);
  source.fault = (call) => {
    if (call !== "changes") return undefined;
    source.fault = () => undefined;
    return failure("folder", "SyncStateInvalid");
  };
  const process = restart();
  const [report] = await process.run({ once: true });
  assert.equal(report!.failed, undefined);
  assert.equal(destination.emails.size, 6);
  assert.equal(source.fetched.length, 6);
  assert.deepEqual(process.lines.filter(({ level }) => level === "warn").length, 1);
});

Deno.test("a mailbox that was lost to another process is taken anew, and nothing is missing", async () => {
  const { source, destination, restart } = world();
  const folder = source.addFolder(a, "Inbox");
  for (let n = 0; n < 5; n++) source.arrive(folder);
  let opened = 0;
  destination.fault = (call) => {
    if (call === "open") opened++;
    return call === "save" && opened <= 2 ? failure("mailbox", "MailboxLost") : undefined;
  };
  const process = restart();
  const isDone = () => destination.states.get(folder.id)?.phase.name === "following";
  await process.runUntil(isDone, [a]);
  assert.equal(destination.emails.size, 5);
  assert.ok(opened > 2, "its lock was taken again");
});

Deno.test("an earlier start timestamp brings what it adds, and fetches nothing again", async () => {
  const { source, destination, restart } = world();
  const folder = source.addFolder(a, "Inbox");
  for (let minute = 0; minute < 10; minute++) source.arrive(folder, { minute });
  const since = (minute: number) =>
    mailbox("a", { startTimestamp: new Date(Date.UTC(2025, 0, 1, 0, minute)) });
  await restart().run({ once: true }, [since(7)]);
  assert.equal(destination.emails.size, 3);
  await restart().run({ once: true }, [since(2)]);
  assert.equal(destination.emails.size, 8);
  assert.equal(source.fetched.length, 8);
});

Deno.test("start_from config begins anew at its timestamp", async () => {
  const { source, destination, restart } = world();
  const folder = source.addFolder(a, "Inbox");
  source.arrive(folder);
  await restart().run({ once: true });
  source.calls.length = 0;
  await restart().run({ once: true }, [mailbox("a", { startFrom: "config" })]);
  assert.ok(source.calls.includes(`list ${folder.id}`));
  assert.equal(destination.states.get(folder.id)!.phase.name, "following");
});

Deno.test("a mailbox that fails for its own reasons is suspended and probed with growing pauses", async () => {
  const { source, restart } = world();
  source.addFolder(a, "Inbox");
  source.addFolder(b, "Inbox");
  let refusals = 0;
  source.fault = (call, address) =>
    call === "folders" && address === a.address && refusals++ < 3
      ? failure("mailbox", "ErrorNonExistentMailbox")
      : undefined;
  const process = restart();
  await process.runUntil(() => process.phases.includes("a@x idle"), [a, b]);
  assert.equal(refusals, 4);
  const pauses = process.errors().map(({ fields }) => Number(fields.delayMs));
  assert.ok(pauses.length >= 2 && pauses.at(-1)! > pauses[0]!, `${pauses}`);
  assert.ok(process.phases.filter((phase) => phase === "b@x idle").length > 3, "b goes on");
  assert.equal(process.lines.filter(({ msg }) => msg === "Mailbox works again.").length, 1);
});

Deno.test("a mailbox that another instance holds is owned within half a lease of being let go", async () => {
  const { source, destination, restart } = world();
  source.addFolder(a, "Inbox");
  let refusals = 0;
  destination.fault = (call) =>
    call === "open" && refusals++ < 40 ? failure("mailbox", "MailboxLocked") : undefined;
  const process = restart();
  await process.runUntil(() => process.phases.includes("a@x idle"));
  const pauses = process.errors().map(({ fields }) => Number(fields.delayMs));
  assert.ok(pauses.length > 5 && pauses.every((ms) => ms > 0 && ms <= 30_000), `${pauses}`);
});

Deno.test("a failing destination pauses every mailbox on one series of probes and ends nothing", async () => {
  const { source, destination, restart } = world();
  const mailboxes = Array.from({ length: 50 }, (_, n) => mailbox(`m${n}`));
  for (const owner of mailboxes) {
    const folder = source.addFolder(owner, "Inbox");
    for (let n = 0; n < 20; n++) source.arrive(folder);
  }
  const process = restart();
  const upAtMs = process.clock.monotonicMs() + 2 * 3_600_000;
  destination.fault = (call) =>
    (call === "put" || call === "probe") && process.clock.monotonicMs() < upAtMs
      ? failure("destination", "DiskFull")
      : undefined;
  const reports = await process.runUntil(() => destination.emails.size === 1_000, mailboxes);
  assert.equal(destination.emails.size, 1_000);
  assert.ok(reports.every(({ counts }) => counts.skipped === 0));
  assert.ok(destination.probes < 60, `${destination.probes} probes in two hours`);
  assert.ok(source.fetched.length <= 2_000, "nothing is fetched while it lasts");
  assert.equal(process.lines.filter(({ msg }) => msg === "Destination works again.").length, 1);
});

Deno.test("a destination that takes probes and no email is not asked ever faster", async () => {
  const { source, destination, restart } = world();
  const folder = source.addFolder(a, "Inbox");
  for (let n = 0; n < 20; n++) source.arrive(folder);
  const process = restart();
  const upAtMs = process.clock.monotonicMs() + 2 * 3_600_000;
  destination.fault = (call) =>
    call === "put" && process.clock.monotonicMs() < upAtMs
      ? failure("destination", "DiskFull")
      : undefined;
  await process.runUntil(() => destination.emails.size === 20);
  assert.equal(destination.emails.size, 20);
  assert.ok(destination.probes < 60, `${destination.probes} probes in two hours`);
  assert.ok(source.fetched.length < 60 * 20, `${source.fetched.length} fetched in two hours`);
});

Deno.test("with once a failing destination ends the run", async () => {
  const { source, destination, restart } = world();
  source.arrive(source.addFolder(a, "Inbox"));
  destination.fault = (call) => call === "put" ? failure("destination", "DiskFull") : undefined;
  await assert.rejects(restart().run({ once: true }), { code: "DiskFull" });
  assert.equal(destination.isLocked(a), false);
});

Deno.test("a fatal failure of one mailbox stops the others after their work is committed", async () => {
  const { source, destination, restart } = world();
  for (let n = 0; n < 30; n++) source.arrive(source.addFolder(b, `${n}`));
  source.fault = (call, address) =>
    call === "folders" && address === a.address
      ? failure("fatal", "CredentialsRefused")
      : undefined;
  await assert.rejects(restart().run({}, [a, b]), { code: "CredentialsRefused" });
  assert.equal(destination.isLocked(b), false);
  source.fault = () => undefined;
  await restart().run({ once: true }, [b]);
  assert.equal(destination.emails.size, 30);
});

Deno.test("a stop settles and commits the page in work and begins no other", async () => {
  const { source, destination, restart } = world();
  const folder = source.addFolder(a, "Inbox");
  for (let n = 0; n < 1_000; n++) source.arrive(folder);
  const process = restart();
  destination.fault = (call) => {
    if (call === "put") process.stop.begin();
    return undefined;
  };
  await process.run({});
  const stored = destination.emails.size;
  assert.ok(stored > 0 && stored < 1_000);
  assert.equal(destination.isLocked(a), false);
  destination.fault = () => undefined;
  await restart().run({ once: true });
  assert.equal(destination.emails.size, 1_000);
  assert.ok(source.fetched.length === 1_000, "what was stored is not fetched again");
});

Deno.test("pacing keeps the average over a batch", async () => {
  const { source, restart } = world();
  const folder = source.addFolder(a, "Inbox");
  for (let n = 0; n < 400; n++) source.arrive(folder);
  const process = restart();
  const startMs = process.clock.monotonicMs();
  await process.run({ once: true, pollMessageSleepMs: 100 });
  const tookMs = process.clock.monotonicMs() - startMs;
  // The last batch is not waited for: nothing comes after it.
  assert.ok(tookMs <= 400 * 100 && tookMs >= (400 - 80) * 100, `${tookMs} ms`);
});

Deno.test("an idle mailbox writes its states every few minutes, not every round", async () => {
  const { source, destination, restart } = world();
  source.arrive(source.addFolder(a, "Inbox"));
  await restart().run({ once: true });
  destination.saves = 0;
  const process = restart();
  const endMs = process.clock.monotonicMs() + 60 * 60_000;
  await process.runUntil(() => process.clock.monotonicMs() >= endMs);
  assert.ok(destination.saves >= 3 && destination.saves <= 5, `${destination.saves} saves`);
});
