import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { SyncError } from "../../src/core/errors.ts";
import { LIMITS } from "../../src/core/limits.ts";
import { Semaphore } from "../../src/core/semaphore.ts";
import { undiciCase } from "../../src/http/testing/undici_case.ts";
import { dataFolderOf, lockNameOf, stateFolderOf, stateNameOf } from "../../src/storage/layout.ts";
import { sampleEmail, sampleMailbox } from "../contract/sample_emails.ts";
import { SAMPLE_STATES } from "../contract/state_store_contract.ts";
import { azureSubject } from "./azure_subject.ts";
import { azuriteOfFile } from "./azurite.ts";

const azurite = await azuriteOfFile();
const { signal } = new AbortController();
const MAILBOX = sampleMailbox("Ådä+1@example.com");
const EMAIL = sampleEmail("<a@x>");
const [STATE, OTHER] = SAMPLE_STATES;
const LOST = { kind: "mailbox", code: "MailboxLost" };

function versionOf(participants: string) {
  return { ...STATE!, fingerprint: { participants } };
}

undiciCase(
  "blobs lie where the documentation says, below the prefix, with their types",
  async () => {
    await using subject = await azureSubject(azurite);
    const { reader, prefix } = subject;
    {
      await using states = await subject.states.open(MAILBOX, { signal });
      await (await subject.sink.open(MAILBOX, { signal })).put([EMAIL], { signal });
      await states.save(STATE!, { signal });
    }
    const data = `${prefix}/${dataFolderOf(MAILBOX)}/2024/02/29/${EMAIL.key}`;
    const state = `${prefix}/${stateNameOf(MAILBOX, STATE!.folder.id)}`;
    const lock = `${prefix}/${stateFolderOf(MAILBOX)}/lock`;
    assert.deepEqual(await reader.names(), [`${data}.eml`, `${data}.json`, state, lock]);
    assert.equal((await reader.headers(`${data}.eml`)).get("content-type"), "message/rfc822");
    assert.equal((await reader.headers(`${data}.json`)).get("content-type"), "application/json");
    assert.notEqual((await reader.headers(`${data}.eml`)).get("content-md5"), null);
    assert.equal((await reader.headers(lock)).get("x-ms-lease-state"), "available");
  },
);

undiciCase("a whole container is a place, too, and what is foreign in it stays", async () => {
  await using outer = await azureSubject(azurite);
  const { container, reader } = outer;
  await using inner = await azureSubject(azurite, {
    container,
    location: { account: "devstoreaccount1", container, prefix: "" },
  });
  await reader.write(`${stateFolderOf(MAILBOX)}/notes.txt`, "mine");
  await using states = await inner.states.open(MAILBOX, { signal });
  await states.save(STATE!, { signal });
  await inner.sink.probe({ signal });
  assert.deepEqual((await inner.states.read(MAILBOX, { signal })).folders, [STATE]);
  assert.deepEqual(
    (await reader.names()).toSorted(),
    [
      stateNameOf(MAILBOX, STATE!.folder.id),
      lockNameOf(MAILBOX),
      `${stateFolderOf(MAILBOX)}/notes.txt`,
    ].toSorted(),
  );
});

undiciCase("whoever lost the lease writes nothing more, and whoever has it goes on", async () => {
  await using first = await azureSubject(azurite);
  const { container, reader, prefix } = first;
  await using second = await azureSubject(azurite, { container });
  await using held = await first.states.open(MAILBOX, { signal });
  await held.save(versionOf("of the first"), { signal });
  await assert.rejects(second.states.open(MAILBOX, { signal }), { code: "MailboxLocked" });
  await reader.breakLease(`${prefix}/${lockNameOf(MAILBOX)}`);
  await using taken = await second.states.open(MAILBOX, { signal });
  assert.deepEqual(taken.loaded, [versionOf("of the first")]);
  await assert.rejects(held.save(versionOf("too late"), { signal }), LOST);
  await assert.rejects(held.remove(STATE!.folder.id, { signal }), LOST);
  await assert.rejects(held.save(OTHER!, { signal }), LOST);
  const emails = await first.sink.open(MAILBOX, { signal });
  await assert.rejects(emails.put([EMAIL], { signal }), LOST);
  assert.deepEqual(await first.stored(MAILBOX), []);
  await taken.save(versionOf("of the second"), { signal });
  assert.deepEqual((await first.states.read(MAILBOX, { signal })).folders, [
    versionOf("of the second"),
  ]);
});

undiciCase("what a holder before wrote too late is written over, with a warning", async () => {
  await using subject = await azureSubject(azurite);
  const { reader, prefix, lines } = subject;
  await using held = await subject.states.open(MAILBOX, { signal });
  await held.save(versionOf("seen"), { signal });
  await reader.write(`${prefix}/${stateNameOf(MAILBOX, STATE!.folder.id)}`, "{}");
  // Looking at it, as `status` does, makes it no work of ours.
  assert.equal((await subject.states.read(MAILBOX, { signal })).unreadable.length, 1);
  await held.save(versionOf("mine"), { signal });
  assert.deepEqual((await subject.states.read(MAILBOX, { signal })).folders, [versionOf("mine")]);
  assert.equal(lines.filter(({ level }) => level === "warn").length, 1);
  // The same for a state that was not there before, and for one that was taken away.
  await reader.write(`${prefix}/${stateNameOf(MAILBOX, OTHER!.folder.id)}`, "{}");
  await reader.remove(`${prefix}/${stateNameOf(MAILBOX, STATE!.folder.id)}`);
  await held.save(OTHER!, { signal });
  await held.save(versionOf("again"), { signal });
  assert.equal((await subject.states.read(MAILBOX, { signal })).folders.length, 2);
});

undiciCase("more names than one page holds are walked in order, and listed whole", async () => {
  await using subject = await azureSubject(azurite);
  const { objects, reader, prefix } = subject;
  const names = Array.from({ length: 1_100 }, (_, i) => `data/many/${i % 2}/${i}`);
  const uploads = new Semaphore(16);
  await Promise.all(
    names.map((name) => uploads.run(() => reader.write(`${prefix}/${name}`, ""), { signal })),
  );
  const enter = () => true;
  assert.deepEqual(
    await Array.fromAsync(objects.walk("data/many", { signal, enter })),
    names.toSorted(),
  );
  assert.deepEqual(await objects.list("data/many", { signal }), ["0", "1"]);
  assert.equal((await objects.list("data/many/1", { signal })).length, 550);
  assert.equal(await objects.mayHold("data/many/1", { signal }), true);
  assert.equal(await objects.mayHold("data/man", { signal }), false);
  for await (const first of objects.walk("data/many", { signal, enter })) {
    assert.equal(first, names[0]);
    break;
  }
});

undiciCase("a state that is garbage is kept aside, whatever its size", async () => {
  await using subject = await azureSubject(azurite);
  const { reader, prefix, lines } = subject;
  const name = `${prefix}/${stateNameOf(MAILBOX, STATE!.folder.id)}`;
  const garbage = "x".repeat(LIMITS.folderStateBytesMax + 10);
  await reader.write(name, garbage);
  await reader.write(`${prefix}/${stateNameOf(MAILBOX, OTHER!.folder.id)}`, "");
  await using held = await subject.states.open(MAILBOX, { signal });
  assert.deepEqual(held.loaded, []);
  const aside = (await reader.names()).find((one) => one.startsWith(`${name}.garbage-`));
  assert.equal((await reader.text(aside ?? "")).length, garbage.length);
  assert.equal(lines.filter(({ level }) => level === "warn").length, 2);
  await held.save(STATE!, { signal });
  assert.deepEqual((await subject.states.read(MAILBOX, { signal })).folders, [STATE]);
});

undiciCase("a mailbox of a killed process is taken over once its lease has ended", async () => {
  await using subject = await azureSubject(azurite);
  const { container, reader, prefix } = subject;
  const script = fileURLToPath(new URL("./holding_process.ts", import.meta.url));
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--allow-all", script, azurite.endpoint, container, MAILBOX.address],
    stdin: "null",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const saved = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  await saved.read();
  const attempt = subject.states.open(MAILBOX, { signal });
  await assert.rejects(attempt, (thrown) => {
    assert.ok(thrown instanceof SyncError && thrown.hint !== undefined);
    return thrown.code === "MailboxLocked" && thrown.kind === "mailbox";
  });
  child.kill("SIGKILL");
  await saved.cancel();
  await child.status;
  // Nobody gives it up: it stays taken until it ends by itself, or somebody ends it.
  await assert.rejects(subject.states.open(MAILBOX, { signal }), { code: "MailboxLocked" });
  await reader.breakLease(`${prefix}/${lockNameOf(MAILBOX)}`);
  await using held = await subject.states.open(MAILBOX, { signal });
  assert.equal(held.loaded.length, 1);
  await held.save(STATE!, { signal });
});
