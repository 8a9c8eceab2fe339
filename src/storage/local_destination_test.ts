import assert from "node:assert/strict";
import { join, relative } from "node:path";
import { SyncError } from "../core/errors.ts";
import { LIMITS } from "../core/limits.ts";
import type { Semaphore } from "../core/semaphore.ts";
import {
  brokenContent,
  movedTo,
  REFRESH,
  sampleEmail,
  sampleMailbox,
  stuckContent,
  textContent,
} from "../../tests/contract/sample_emails.ts";
import { sinkContract } from "../../tests/contract/sink_contract.ts";
import { SAMPLE_STATES, stateStoreContract } from "../../tests/contract/state_store_contract.ts";
import { type FileSystem, systemFiles } from "./file_system.ts";
import { emailObjectNamesOf, stateFolderOf, stateNameOf } from "./layout.ts";
import { filesBelow } from "../../tests/files_below.ts";
import { localSubject } from "./testing/local_subject.ts";
import { type FileCall, osError, plannedFiles } from "./testing/planned_files.ts";

const { signal } = new AbortController();
const MAILBOX = sampleMailbox();
const EMAIL = sampleEmail("<a@x>");
const STATE = SAMPLE_STATES[0]!;
const MAILBOX_PATH = "acme/support/ada@example.com";

sinkContract("local sink", (options: { readonly uploads: Semaphore }) => localSubject(options));
stateStoreContract("local state store", () => localSubject());

/** A local destination whose mailbox is held and open. */
async function opened(options: Parameters<typeof localSubject>[0] = {}) {
  const subject = await localSubject(options);
  const states = await subject.states.open(MAILBOX, { signal });
  const emails = await subject.sink.open(MAILBOX, { signal });
  return {
    ...subject,
    emails,
    saved: states,
    pathOf: (name: string) => join(subject.prefix, name),
    async [Symbol.asyncDispose]() {
      await states[Symbol.asyncDispose]();
      await subject[Symbol.asyncDispose]();
    },
  };
}

Deno.test("local files lie where the documentation says, with its modes", async () => {
  await using subject = await opened();
  const { prefix, emails, saved } = subject;
  await emails.put([EMAIL], { signal });
  await saved.save(STATE, { signal });
  const names = (await filesBelow(prefix)).map((path) => relative(prefix, path));
  const state = stateNameOf(MAILBOX, STATE.folder.id);
  assert.deepEqual(names, [
    `data/${MAILBOX_PATH}/2024/02/29/${EMAIL.key}.eml`,
    `data/${MAILBOX_PATH}/2024/02/29/${EMAIL.key}.json`,
    state,
    `state/${MAILBOX_PATH}/lock`,
  ]);
  const modeOf = async (name: string) => ((await Deno.stat(join(prefix, name))).mode ?? 0) & 0o777;
  // The usual umask takes nothing away from these.
  assert.deepEqual(await Promise.all(names.map(modeOf)), [0o640, 0o640, 0o600, 0o600]);
  for (const folder of ["data", `data/${MAILBOX_PATH}/2024/02/29`, `state/${MAILBOX_PATH}`]) {
    assert.equal(await modeOf(folder), 0o750);
  }
});

Deno.test("a probe creates the prefix and leaves nothing in it", async () => {
  await using parent = await localSubject();
  const prefix = join(parent.prefix, "not", "there", "yet");
  const { sink } = await localSubject({ prefix });
  await sink.probe({ signal });
  assert.ok((await Deno.stat(prefix)).isDirectory);
  assert.deepEqual(await filesBelow(prefix), []);
});

Deno.test("taking a mailbox empties its staging folder and touches nothing foreign", async () => {
  await using subject = await localSubject();
  const foreign = [
    `data/${MAILBOX_PATH}/README`,
    `data/${MAILBOX_PATH}/2024/02/29/notes.json`,
    `state/${MAILBOX_PATH}/folder-of-mine.json`,
    `state/${MAILBOX_PATH}/notes.tmp`,
    `state/${MAILBOX_PATH}/folder-${"0".repeat(32)}.json.garbage-1`,
  ];
  const ours = [
    `data/${MAILBOX_PATH}/.tmp/${EMAIL.key}.eml`,
    `data/${MAILBOX_PATH}/.tmp/deeper/file`,
    `state/${MAILBOX_PATH}/folder-${"0".repeat(32)}.json.tmp`,
  ];
  for (const name of [...foreign, ...ours]) {
    const path = join(subject.prefix, name);
    await Deno.mkdir(join(path, ".."), { recursive: true });
    await Deno.writeTextFile(path, name);
  }
  await using states = await subject.states.open(MAILBOX, { signal });
  assert.deepEqual(states.loaded, []);
  const left = (await filesBelow(subject.prefix)).map((path) => relative(subject.prefix, path));
  assert.deepEqual(left, [...foreign, `state/${MAILBOX_PATH}/lock`].sort());
  assert.deepEqual(subject.lines, []);
});

Deno.test("nothing stays in the staging folder after failures of source, store or caller", async () => {
  let full = false;
  const files = plannedFiles(({ verb }) =>
    full && verb === "rename" ? osError("ENOSPC", "No space left on device") : undefined
  );
  await using subject = await opened({ files });
  const { emails, prefix } = subject;
  const error = new SyncError("item", "ErrorItemCorrupt", "Cannot be read");
  const mime = brokenContent([new Uint8Array(1000)], error);
  await emails.put([sampleEmail("<broken@x>", { mime })], { signal });
  assert.deepEqual(await filesBelow(join(prefix, "data")), []);
  const stuck = stuckContent();
  const stop = new AbortController();
  const put = emails.put([EMAIL, sampleEmail("<stuck@x>", { mime: stuck.content })], stop);
  await stuck.reading;
  stop.abort(new Error("stopped"));
  await assert.rejects(put, /stopped/);
  assert.deepEqual(await filesBelow(join(prefix, "data")), []);
  full = true;
  await assert.rejects(emails.put([EMAIL], { signal }), { code: "DiskFull" });
  assert.deepEqual(await filesBelow(join(prefix, "data")), []);
});

Deno.test("a large batch holds no more files open than those of the emails being written", async () => {
  let open = 0;
  let mostOpen = 0;
  const files: FileSystem = {
    ...systemFiles,
    open: async (path, options) => {
      const file = await Deno.open(path, options);
      mostOpen = Math.max(mostOpen, ++open);
      const close = () => (open -= 1, file.close());
      const { read, write, sync, tryLock } = file;
      return {
        read: read.bind(file),
        write: write.bind(file),
        sync: sync.bind(file),
        tryLock: tryLock.bind(file),
        close,
      };
    },
  };
  await using subject = await opened({ files });
  const lock = open;
  const count = 100;
  const emails = Array.from({ length: count }, (_, i) => sampleEmail(`<${i}@x>`));
  await subject.emails.put(emails, { signal });
  assert.equal((await subject.stored(MAILBOX)).length, count);
  assert.equal(open, lock);
  const [uploads, filesPerEmail] = [8, 2];
  const spare = LIMITS.fileCallsInFlight;
  assert.ok(mostOpen <= lock + Math.max(uploads * filesPerEmail, spare), `${mostOpen} open`);
});

Deno.test("in folders it has made itself, a first sync asks about no email, and nor does a second one", async () => {
  const calls: FileCall[] = [];
  const files = plannedFiles((call) => void calls.push(call));
  await using subject = await opened({ files });
  const { emails } = subject;
  const asked = () => calls.filter(({ path }) => path.includes(EMAIL.key)).map(({ verb }) => verb);
  await emails.put([sampleEmail("<before@x>")], { signal });
  assert.deepEqual([...(await emails.refresh([EMAIL], REFRESH)).complete], []);
  await emails.put([EMAIL], { signal });
  const writes = ["open", "open", "sync", "sync", "rename", "rename"];
  assert.deepEqual(asked().filter((verb) => verb !== "write"), writes);
  assert.deepEqual([...(await emails.refresh([EMAIL], REFRESH)).complete], [EMAIL.key]);
});

Deno.test("what another process has written while it held the mailbox is found", async () => {
  await using subject = await localSubject();
  const held = await subject.states.open(MAILBOX, { signal });
  const emails = await subject.sink.open(MAILBOX, { signal });
  await emails.put([sampleEmail("<before@x>")], { signal });
  await held[Symbol.asyncDispose]();
  {
    await using other = await localSubject({ prefix: subject.prefix });
    await using _held = await other.states.open(MAILBOX, { signal });
    await (await other.sink.open(MAILBOX, { signal })).put([EMAIL], { signal });
  }
  await using _held = await subject.states.open(MAILBOX, { signal });
  assert.deepEqual([...(await emails.refresh([EMAIL], REFRESH)).complete], [EMAIL.key]);
});

Deno.test("folders deleted under our feet are created again", async () => {
  await using subject = await opened();
  const { emails, saved, stored } = subject;
  await emails.put([EMAIL], { signal });
  await Deno.remove(subject.pathOf("data"), { recursive: true });
  assert.deepEqual([...(await emails.refresh([EMAIL], REFRESH)).complete], []);
  await emails.put([EMAIL], { signal });
  assert.equal((await stored(MAILBOX)).length, 1);
  await saved.save(STATE, { signal });
  await Deno.remove(subject.pathOf("state"), { recursive: true });
  await saved.save(STATE, { signal });
  assert.ok((await Deno.stat(subject.pathOf(stateNameOf(MAILBOX, STATE.folder.id)))).isFile);
});

Deno.test("files taken away between writing and renaming are a failing destination", async () => {
  let armed = true;
  const files = plannedFiles(({ verb, path }) => {
    const takeAway = armed && verb === "rename" && path.includes("/data/");
    if (takeAway) Deno.removeSync(path.slice(0, path.indexOf("/data/") + 5), { recursive: true });
    armed &&= !takeAway;
    return undefined;
  });
  await using subject = await opened({ files });
  const put = subject.emails.put([EMAIL], { signal });
  await assert.rejects(put, { kind: "destination", code: "TargetMissing" });
  await subject.emails.put([EMAIL], { signal });
  assert.equal((await subject.stored(MAILBOX)).length, 1);
});

Deno.test("a prefix whose target is not there is a failing destination", async () => {
  await using parent = await localSubject();
  const prefix = join(parent.prefix, "link");
  await Deno.symlink(join(parent.prefix, "not mounted"), prefix);
  const { sink } = await localSubject({ prefix });
  await assert.rejects(sink.probe({ signal }), { kind: "destination", code: "TargetMissing" });
});

Deno.test("a file in the place of a folder is a failing destination", async () => {
  await using subject = await localSubject();
  await Deno.writeTextFile(join(subject.prefix, "state"), "");
  await assert.rejects(subject.sink.probe({ signal }), { kind: "destination" });
  await assert.rejects(subject.states.open(MAILBOX, { signal }), { kind: "destination" });
});

Deno.test("refresh rewrites only the record, and keeps what it says of the content", async () => {
  await using subject = await opened();
  const { emails, pathOf } = subject;
  await emails.put([EMAIL], { signal });
  const { mime, record } = emailObjectNamesOf(MAILBOX, EMAIL);
  const before = JSON.parse(await Deno.readTextFile(pathOf(record)));
  await Deno.writeTextFile(pathOf(record), JSON.stringify({ ...before, rebuilt: true }));
  const inode = (await Deno.stat(pathOf(mime))).ino;
  await emails.refresh([movedTo(["Archive"], EMAIL)], REFRESH);
  assert.equal((await Deno.stat(pathOf(mime))).ino, inode);
  assert.deepEqual(JSON.parse(await Deno.readTextFile(pathOf(record))), {
    ...before,
    metadata: { folder: ["Archive"], is_read: true },
    rebuilt: true,
  });
});

Deno.test("refresh does not count what was rebuilt as stored: the original is still wanted", async () => {
  await using subject = await opened();
  const { emails } = subject;
  await emails.put([{ ...EMAIL, rebuilt: true }], { signal });
  assert.deepEqual([...(await emails.refresh([EMAIL], REFRESH)).complete], []);
  assert.deepEqual(await Array.fromAsync(emails.keys({ signal })), [EMAIL.key]);
  await emails.put([EMAIL], { signal });
  assert.deepEqual([...(await emails.refresh([EMAIL], REFRESH)).complete], [EMAIL.key]);
});

Deno.test("what was rebuilt never takes the place of the original, but brings its metadata", async () => {
  await using subject = await opened();
  const { emails, pathOf } = subject;
  await emails.put([EMAIL], { signal });
  const { mime, record } = emailObjectNamesOf(MAILBOX, EMAIL);
  const original = await Deno.readTextFile(pathOf(mime));
  const before = JSON.parse(await Deno.readTextFile(pathOf(record)));
  const mimeOfStandIn = textContent("as far as it goes");
  const standIn = { ...movedTo(["Archive"], EMAIL), mime: mimeOfStandIn, rebuilt: true };
  const [kept] = await emails.put([standIn], { signal });
  assert.deepEqual(kept, { key: EMAIL.key, stored: true, sizeBytes: before.mime_size });
  assert.equal(await Deno.readTextFile(pathOf(mime)), original);
  const after = JSON.parse(await Deno.readTextFile(pathOf(record)));
  assert.deepEqual(after.metadata.folder, ["Archive"]);
  assert.deepEqual([after.mime_sha256, after.rebuilt], [before.mime_sha256, undefined]);

  const sizeBytes = (EMAIL.metadata.sizeBytes ?? 0) + 1;
  const scanned = { ...standIn, metadata: { ...standIn.metadata, sizeBytes } };
  await emails.put([scanned], { signal });
  const volatile = { ...REFRESH, volatileSince: new Date(0) };
  const received = { ...scanned.metadata, receivedAt: new Date() };
  const { complete: seen } = await emails.refresh([{ ...scanned, metadata: received }], volatile);
  assert.deepEqual([...seen], [], "that its content has changed is not forgotten");

  await Deno.remove(pathOf(mime));
  await emails.put([standIn], { signal });
  assert.equal(await Deno.readTextFile(pathOf(mime)), "as far as it goes", "there was no original");
  assert.equal(JSON.parse(await Deno.readTextFile(pathOf(record))).rebuilt, true);
});

Deno.test("refresh counts an unreadable record as not stored, and a delivery replaces it", async () => {
  await using subject = await opened();
  const { emails, pathOf, stored } = subject;
  await emails.put([EMAIL], { signal });
  const path = pathOf(emailObjectNamesOf(MAILBOX, EMAIL).record);
  for (const garbage of ["", "{", '{"id":"<a@x>"}', " ".repeat(3_000_000)]) {
    await Deno.writeTextFile(path, garbage);
    assert.deepEqual([...(await emails.refresh([EMAIL], REFRESH)).complete], []);
  }
  await emails.put([EMAIL], { signal });
  assert.deepEqual([...(await emails.refresh([EMAIL], REFRESH)).complete], [EMAIL.key]);
  assert.equal((await stored(MAILBOX)).length, 1);
});

Deno.test("refresh opens each stored record once, and nothing of days without email", async () => {
  const calls: FileCall[] = [];
  await using parent = await opened();
  const days = ["2024-01-01", "2024-01-02", "2024-01-03"].map((day) =>
    new Date(`${day}T12:00:00Z`)
  );
  const emails = days.map((timestamp, i) => sampleEmail(`<${i}@x>`, { timestamp }));
  await parent.emails.put(emails.slice(0, 2), { signal });
  const files = plannedFiles((call) => void calls.push(call));
  const { sink } = await localSubject({ prefix: parent.prefix, files });
  const sameDay = emails.flatMap((email, i) => [email, { ...email, key: String(i).repeat(32) }]);
  const { complete: keys } = await (await sink.open(MAILBOX, { signal })).refresh(sameDay, REFRESH);
  assert.equal(keys.size, 2);
  const count = (wanted: string) => calls.filter(({ verb }) => verb === wanted).length;
  assert.deepEqual(
    { open: count("open"), stat: count("stat"), write: count("write") },
    { open: 4, stat: 3, write: 0 },
  );
});

Deno.test("state that is garbage is kept aside and reported, and the others load", async () => {
  await using subject = await localSubject();
  const [broken, sound, copied] = SAMPLE_STATES;
  const path = (id: string) => join(subject.prefix, stateNameOf(MAILBOX, id));
  {
    await using states = await subject.states.open(MAILBOX, { signal });
    for (const state of [broken!, sound!]) await states.save(state, { signal });
    await Deno.writeTextFile(path(broken!.folder.id), '{"version": 1, "folder_id"');
    await Deno.copyFile(path(sound!.folder.id), path(copied!.folder.id));
  }
  await using states = await subject.states.open(MAILBOX, { signal });
  assert.deepEqual(states.loaded, [sound]);
  const aside = `${path(broken!.folder.id)}.garbage-20240301T120000000Z`;
  assert.equal(await Deno.readTextFile(aside), '{"version": 1, "folder_id"');
  assert.deepEqual(subject.lines.map(({ level }) => level), ["warn", "warn"]);
  assert.deepEqual(
    new Set(subject.lines.map(({ fields }) => fields.reason)),
    new Set(["not JSON in UTF-8, or cut", "belongs to another folder"]),
  );
});

Deno.test("state of a newer version is left alone, and the mailbox is free again", async () => {
  await using subject = await localSubject();
  const name = stateNameOf(MAILBOX, STATE.folder.id);
  const path = join(subject.prefix, name);
  await Deno.mkdir(join(subject.prefix, stateFolderOf(MAILBOX)), { recursive: true });
  const newer = '{"version": 2, "written_by": "reinfer-ews 9.9.9"}';
  await Deno.writeTextFile(path, newer);
  await assert.rejects(subject.states.open(MAILBOX, { signal }), (thrown) => {
    assert.ok(thrown instanceof SyncError);
    assert.deepEqual([thrown.kind, thrown.code], ["fatal", "StateFormatNewer"]);
    assert.ok(thrown.message.includes(name) && thrown.message.includes("reinfer-ews 9.9.9"));
    return true;
  });
  assert.equal(await Deno.readTextFile(path), newer);
  await Deno.remove(path);
  await using _states = await subject.states.open(MAILBOX, { signal });
});
