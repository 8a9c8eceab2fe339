import assert from "node:assert/strict";
import { join } from "node:path";
import type { ExportOptions } from "../../config/export_options.ts";
import type { RawEmail } from "../../core/email.ts";
import type { Mailbox } from "../../core/mailbox.ts";
import { emailObjectNamesOf } from "../../storage/layout.ts";
import { localSubject } from "../../storage/testing/local_subject.ts";
import { filesBelow } from "../../../tests/files_below.ts";
import { sampleEmail, sampleMailbox } from "../../../tests/contract/sample_emails.ts";
import { recordingConsole } from "../push/testing/recording_console.ts";
import { sampleConfig } from "../push/testing/sample_config.ts";
import { exportEmails } from "./export_emails.ts";

const { signal } = new AbortController();
const ADA = sampleMailbox();
const BOB = sampleMailbox("bob@example.com");
const EVE: Mailbox = {
  ...sampleMailbox("eve@example.com"),
  bucket: { owner: "acme", name: "other" },
};

/** Emails stored of some mailboxes, and a folder to export them to. */
async function harness(emails: readonly RawEmail[]) {
  const subject = await localSubject();
  const byAddress = Map.groupBy(emails, ({ mailbox }) => mailbox);
  for (const [mailbox, group] of byAddress) {
    await (await subject.sink.open(mailbox, { signal })).put(group, { signal });
  }
  const to = join(subject.prefix, "exported");
  const destination = { kind: "local", prefix: subject.prefix } as const;
  const console = recordingConsole();
  const run = (changes: Partial<ExportOptions> = {}) =>
    exportEmails(
      { destination, to, force: false, debugLevel: 1, ...changes },
      sampleConfig(destination, { mailboxes: [ADA, BOB, EVE] }),
      console,
    );
  const linesOf = async (bucket: string) => {
    const text = await Deno.readTextFile(join(to, `${bucket}.jsonl`));
    assert.match(text, /^$|\n$/, "nothing follows the last line");
    return text.split("\n").slice(0, -1).map((line) => JSON.parse(line));
  };
  return { ...subject, to, console, run, linesOf };
}

function emailOf(mailbox: Mailbox, id: string, day = 1): RawEmail {
  return sampleEmail(id, { mailbox, timestamp: new Date(Date.UTC(2024, 0, day)) });
}

Deno.test("each bucket becomes one file with the emails of all its mailboxes", async () => {
  const emails = [emailOf(ADA, "<1@x>", 2), emailOf(ADA, "<2@x>", 1), emailOf(BOB, "<3@x>")];
  await using subject = await harness(emails);
  assert.equal(await subject.run(), 0);
  const lines = await subject.linesOf("acme/support");
  assert.deepEqual(lines.map(({ id }) => id), ["<2@x>", "<1@x>", "<3@x>"]);
  assert.deepEqual(await subject.linesOf("acme/other"), []);
  const { mode } = await Deno.stat(join(subject.to, "acme/support.jsonl"));
  assert.equal((mode ?? 0) & 0o137, 0, "nobody but the owner and the group reads it");
  assert.match(subject.console.printed(), /^3 emails \(0\.0 MB\) exported below .*exported$/m);
});

Deno.test("a mailbox and a time choose what is exported", async () => {
  const emails = [emailOf(ADA, "<old@x>", 1), emailOf(ADA, "<new@x>", 9), emailOf(BOB, "<b@x>", 9)];
  await using subject = await harness(emails);
  const since = new Date("2024-01-05T00:00:00Z");
  assert.equal(await subject.run({ mailbox: ADA.address, since }), 0);
  const lines = await subject.linesOf("acme/support");
  assert.deepEqual(lines.map(({ id }) => id), ["<new@x>"]);
  assert.equal(await subject.run({ mailbox: "nobody@example.com" }), 2);
});

Deno.test("a file that is there is replaced only by force, and nothing is written before that is clear", async () => {
  await using subject = await harness([emailOf(ADA, "<1@x>")]);
  const theirs = join(subject.to, "acme/support.jsonl");
  await Deno.mkdir(join(subject.to, "acme"), { recursive: true });
  await Deno.writeTextFile(theirs, "theirs");
  assert.equal(await subject.run(), 2);
  assert.match(subject.console.complained(), /support\.jsonl" is there already .*`--force`/);
  assert.equal(await Deno.readTextFile(theirs), "theirs");
  assert.deepEqual(await filesBelow(subject.to), [theirs]);
  assert.equal(await subject.run({ force: true }), 0);
  assert.deepEqual((await subject.linesOf("acme/support")).map(({ id }) => id), ["<1@x>"]);
});

Deno.test("damaged emails are named and left out, and exit code 1 says so", async () => {
  const emails = [emailOf(ADA, "<1@x>"), emailOf(ADA, "<2@x>"), emailOf(ADA, "<3@x>")];
  await using subject = await harness(emails);
  const { mime, record } = emailObjectNamesOf(ADA, emails[0]!);
  await Deno.truncate(join(subject.prefix, mime), 3);
  const other = emailObjectNamesOf(ADA, emails[1]!);
  await Deno.writeTextFile(join(subject.prefix, other.record), "{}");
  assert.equal(await subject.run(), 1);
  assert.deepEqual((await subject.linesOf("acme/support")).map(({ id }) => id), ["<3@x>"]);
  for (const name of [record.slice(0, -5), other.record]) {
    assert.ok(subject.console.complained().includes(name.slice(-35, -5)), name);
  }
});

Deno.test("what a killed export left is not built upon", async () => {
  await using subject = await harness([emailOf(ADA, "<1@x>")]);
  await Deno.mkdir(join(subject.to, "acme"), { recursive: true });
  await Deno.writeTextFile(join(subject.to, "acme/support.jsonl.unfinished"), "x".repeat(9_999));
  assert.equal(await subject.run(), 0);
  assert.equal((await subject.linesOf("acme/support")).length, 1);
  assert.equal((await filesBelow(subject.to)).length, 2);
});
