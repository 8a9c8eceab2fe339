import assert from "node:assert/strict";
import { join } from "node:path";
import type { PushOptions } from "../../config/push_options.ts";
import type { RawEmail } from "../../core/email.ts";
import { SyncError } from "../../core/errors.ts";
import { Secret } from "../../core/secret.ts";
import { emailObjectNamesOf } from "../../storage/layout.ts";
import { localSubject } from "../../storage/testing/local_subject.ts";
import { filesBelow } from "../../../tests/files_below.ts";
import { sampleEmail, sampleMailbox } from "../../../tests/contract/sample_emails.ts";
import { push } from "./push.ts";
import { localSource } from "./stored_source.ts";
import { RecordingSink } from "./testing/recording_sink.ts";
import { recordingConsole } from "./testing/recording_console.ts";
import { sampleConfig } from "./testing/sample_config.ts";

const { signal } = new AbortController();
const ADA = sampleMailbox();
const BOB = sampleMailbox("bob@example.com");
const ENDPOINT = new URL("https://acme.reinfer.io/api/");
const outage = new SyncError("destination", "PlatformHttp503", "The platform cannot answer now");
const forbidden = new SyncError("mailbox", "PlatformForbidden", "The platform forbids it");

/** The command over stored emails of two mailboxes, and a sink in place of the platform. */
async function harness(emails: readonly RawEmail[]) {
  const subject = await localSubject();
  const { prefix } = subject;
  for (const [mailbox, group] of Map.groupBy(emails, ({ mailbox }) => mailbox)) {
    await (await subject.sink.open(mailbox, { signal })).put(group, { signal });
  }
  const sink = new RecordingSink();
  const stored = { kind: "local", prefix } as const;
  const platform = { kind: "platform", endpoint: ENDPOINT, privatePrefix: "/p" } as const;
  const config = sampleConfig({ ...platform, token: { value: new Secret("t0ken") } }, {
    mailboxes: [ADA, BOB],
  });
  const run = async (changes: Partial<PushOptions> = {}) => {
    const console = recordingConsole();
    const options = { from: stored, destination: platform, dryRun: false, debugLevel: 1 } as const;
    const code = await push(
      { options: { ...options, ...changes }, config, stored },
      console,
      (_, env) =>
        Promise.resolve({
          source: localSource(prefix, env),
          ...(changes.dryRun ? {} : { sink }),
          [Symbol.asyncDispose]: () => Promise.resolve(),
        }),
    );
    return { code, printed: console.printed(), complained: console.complained() };
  };
  const states = async () =>
    (await filesBelow(join(prefix, "state"))).filter((path) => path.endsWith("progress.json"));
  return { ...subject, sink, run, states };
}

function emailsOf(...mailboxes: readonly (typeof ADA)[]): readonly RawEmail[] {
  return mailboxes.flatMap((mailbox) =>
    [1, 2, 3, 4].map((number) => sampleEmail(`<${number}-${mailbox.address}>`, { mailbox }))
  );
}

Deno.test("push delivers all mailboxes, says how many emails that were, and leaves no progress", async () => {
  await using subject = await harness(emailsOf(ADA, BOB));
  for (const pushed of [8, 16]) {
    const { code, printed, complained } = await subject.run();
    assert.equal(code, 0, complained);
    assert.match(printed, /^ada@example\.com: 4 emails \(0\.0 MB\) in acme\/support$/m);
    assert.match(
      printed,
      /^8 emails \(0\.0 MB\) pushed from .* to https:\/\/acme\.reinfer\.io\/api\/$/m,
    );
    assert.equal(subject.sink.puts.flat().length, pushed, "a finished push begins anew");
    assert.deepEqual(await subject.states(), []);
  }
});

Deno.test("an outage of the platform ends push with exit code 4, and the next one goes on in the same mailbox", async () => {
  await using subject = await harness(emailsOf(ADA, BOB));
  subject.sink.fault = ({ mailbox }) => mailbox === BOB ? outage : undefined;
  const first = await subject.run();
  assert.equal(first.code, 4);
  assert.match(first.complained, /goes on where this one stopped/);
  assert.match(first.complained, /The platform cannot answer now \(PlatformHttp503\)/);
  subject.sink.fault = () => undefined;
  const before = subject.sink.puts.flat().length;
  const second = await subject.run();
  assert.equal(second.code, 0);
  assert.match(second.printed, /^8 emails /m, "with those of the first push");
  const later = subject.sink.puts.flat().slice(before);
  assert.ok(
    later.every((id) => id.includes(BOB.address)),
    "finished mailboxes are not pushed again",
  );
  assert.deepEqual(await subject.states(), []);
});

Deno.test("a mailbox that fails for its own reasons keeps no other from its turn, and is what is left", async () => {
  await using subject = await harness(emailsOf(ADA, BOB));
  subject.sink.closed = (mailbox) => mailbox === ADA ? forbidden : undefined;
  const first = await subject.run();
  assert.equal(first.code, 1);
  assert.match(first.printed, /^ada@example\.com: not pushed\n {2}The platform forbids it/m);
  assert.match(first.printed, /; 1 mailbox failed\nThe next push goes on with what is left\.$/m);
  assert.equal(subject.sink.emails.size, 4);
  subject.sink.closed = () => undefined;
  assert.equal((await subject.run()).code, 0);
  assert.equal(subject.sink.puts.flat().length, 8);
});

Deno.test("a damaged email is named in a warning, and exit code 1 says that something is missing", async () => {
  const emails = emailsOf(ADA);
  await using subject = await harness(emails);
  const { mime } = emailObjectNamesOf(ADA, emails[0]!);
  await Deno.truncate(join(subject.prefix, mime), 1);
  const { code, printed, complained } = await subject.run();
  assert.equal(code, 1);
  assert.match(printed, /^3 emails .*, 1 damaged$/m);
  const warning = complained.split("\n").map((line) => line.startsWith("{") ? JSON.parse(line) : {})
    .find(({ code }) => code === "StoredEmailDamaged");
  assert.equal(warning.id, emails[0]!.id);
  assert.ok(mime.includes(warning.email));
  assert.deepEqual(await subject.states(), [], "the push is finished all the same");
});

Deno.test("a dry run counts, and neither sends nor writes anything", async () => {
  await using subject = await harness(emailsOf(ADA, BOB));
  const before = await filesBelow(subject.prefix);
  const { code, printed } = await subject.run({ dryRun: true, mailbox: ADA.address });
  assert.equal(code, 0);
  assert.match(printed, /^4 emails \(0\.0 MB\) would be pushed from .*\nNothing was sent\.$/m);
  assert.equal(subject.sink.puts.length, 0);
  assert.deepEqual(await filesBelow(subject.prefix), before);
});

Deno.test("a mailbox with nothing stored is said, and a place given by mistake is left as it is", async () => {
  await using subject = await harness([]);
  const { code, complained } = await subject.run();
  assert.equal(code, 0);
  assert.match(
    complained,
    /Nothing is stored of this mailbox.*data\/acme\/support\/ada@example\.com/,
  );
  assert.deepEqual(await filesBelow(subject.prefix), []);
  assert.equal((await subject.run({ mailbox: "nobody@example.com" })).code, 2);
});
