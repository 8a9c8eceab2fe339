import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { SyncError } from "../core/errors.ts";
import { heldMimeContent } from "../core/mime_content.ts";
import type { Sink, StateStore } from "../core/ports.ts";
import { Semaphore } from "../core/semaphore.ts";
import {
  movedTo,
  REFRESH,
  sampleEmail,
  sampleMailbox,
  sha256Of,
} from "../../tests/contract/sample_emails.ts";
import { SAMPLE_STATES } from "../../tests/contract/state_store_contract.ts";
import { mapWithin } from "./map_within.ts";
import { filesBelow } from "../../tests/files_below.ts";
import { localSubject } from "./testing/local_subject.ts";
import { type FileCall, osError, plannedFiles } from "./testing/planned_files.ts";

const { signal } = new AbortController();
const MAILBOX = sampleMailbox();
const STATE = SAMPLE_STATES[2]!;

const FRESH = sampleEmail("<fresh@x>", { mime: heldMimeContent([new Uint8Array(70_000).fill(1)]) });
const OLD = sampleEmail("<replaced@x>", { timestamp: new Date("2023-12-31T00:00:00Z") });
const NEW = { ...OLD, mime: heldMimeContent([new Uint8Array(10), new Uint8Array(20).fill(2)]) };
const MOVED = sampleEmail("<moved@x>");

/** Everything a mailbox does with a destination, in the fixed order. */
async function roundOf({ sink, states }: { sink: Sink; states: StateStore }): Promise<void> {
  await sink.probe({ signal });
  await using opened = await states.open(MAILBOX, { signal });
  const emails = await sink.open(MAILBOX, { signal });
  await emails.refresh([movedTo(["Archive"], MOVED)], REFRESH);
  await emails.put([FRESH, NEW], { signal });
  await opened.save(STATE, { signal });
}

/** A folder with the emails that a round meets, and nothing of the round itself. */
async function prepared() {
  const subject = await localSubject();
  await using _lock = await subject.states.open(MAILBOX, { signal });
  await (await subject.sink.open(MAILBOX, { signal })).put([OLD, MOVED], { signal });
  return subject;
}

/** Nothing half-visible: each email is as it was before, as it is afterwards, or to be delivered. */
async function assertWhole(subject: Awaited<ReturnType<typeof prepared>>): Promise<void> {
  const sound = new Set(
    await Promise.all([FRESH, OLD, NEW, MOVED].map(({ mime }) => sha256Of(mime))),
  );
  const found = await subject.stored(MAILBOX);
  assert.ok(found.every(({ mimeSha256 }) => sound.has(mimeSha256)));
  assert.ok(found.some(({ id }) => id === MOVED.id), "a move never takes an email away");
}

async function assertDone(subject: Awaited<ReturnType<typeof prepared>>): Promise<void> {
  const found = new Map((await subject.stored(MAILBOX)).map((email) => [email.id, email]));
  assert.equal(found.size, 3);
  assert.equal(found.get(NEW.id)?.mimeSha256, await sha256Of(NEW.mime));
  assert.equal(found.get(FRESH.id)?.mimeSha256, await sha256Of(FRESH.mime));
  assert.deepEqual(found.get(MOVED.id)?.folder, ["Archive"]);
  await using opened = await subject.states.open(MAILBOX, { signal });
  assert.deepEqual(opened.loaded, [STATE]);
  const files = await filesBelow(subject.prefix);
  assert.equal(files.length, 6 + 2, `no litter among ${files.join(" ")}`);
}

const isDiskFull = (thrown: unknown) => {
  return thrown instanceof SyncError && thrown.kind === "destination" && thrown.code === "DiskFull";
};

/** Runs `body` with the number of each call that a round makes, several at a time. */
async function forEachCall(body: (number: number) => Promise<void>): Promise<void> {
  let calls = 0;
  await using subject = await prepared();
  const files = plannedFiles(({ number }) => void (calls = number));
  await roundOf(await localSubject({ prefix: subject.prefix, files }));
  assert.ok(calls > 40, "a round touches the disk often");
  const numbers = Array.from({ length: calls }, (_, i) => i + 1);
  await mapWithin(new Semaphore(8), numbers, body, { signal });
}

Deno.test("a round whose n-th disk call fails is repeated with the right result", async () => {
  await forEachCall(async (failing) => {
    await using subject = await prepared();
    const failure = osError("ENOSPC", "No space left on device");
    const files = plannedFiles(({ number }) => number === failing ? failure : undefined);
    const faulty = await localSubject({ prefix: subject.prefix, files });
    await assert.rejects(roundOf(faulty), isDiskFull, `call ${failing}`);
    await assertWhole(subject);
    await roundOf(faulty);
    await assertDone(subject);
  });
});

Deno.test("a disk that dies at the n-th call leaves what another process can go on from", async () => {
  await forEachCall(async (last) => {
    await using subject = await prepared();
    const failure = osError("ENOSPC", "No space left on device");
    const files = plannedFiles(({ number }) => number >= last ? failure : undefined);
    await assert.rejects(
      roundOf(await localSubject({ prefix: subject.prefix, files })),
      isDiskFull,
    );
    await assertWhole(subject);
    await roundOf(subject);
    await assertDone(withoutProbes(subject));
  });
});

/** What a probe wrote when the disk died stays: it is no bigger than a word. */
function withoutProbes(subject: Awaited<ReturnType<typeof prepared>>) {
  for (const { name } of Deno.readDirSync(join(subject.prefix, "state"))) {
    if (name.startsWith(".probe-")) Deno.removeSync(join(subject.prefix, "state", name));
  }
  return subject;
}

/*
 * Goal: what a call reports as stored survives a power failure. Method: read off the calls it made
 * that every byte was fsynced before its file was renamed, and every folder after it got an entry.
 */
Deno.test("what is put or saved is fsynced, file and folders, when the call resolves", async () => {
  await using subject = await localSubject();
  let calls: FileCall[] = [];
  const files = plannedFiles((call) => void calls.push(call));
  const { states, sink } = await localSubject({ prefix: subject.prefix, files });
  await using opened = await states.open(MAILBOX, { signal });
  assertDurable(calls);
  const emails = await sink.open(MAILBOX, { signal });
  const deeds = [
    () => emails.put([FRESH, OLD, MOVED], { signal }),
    () => emails.refresh([movedTo(["Archive"], MOVED)], REFRESH),
    () => opened.save(STATE, { signal }),
  ];
  for (const deed of deeds) {
    calls = [];
    await deed();
    assert.ok(calls.some(({ verb }) => verb === "rename"));
    assertDurable(calls);
  }
});

function assertDurable(calls: readonly FileCall[]): void {
  const numberOfLast = (wanted: FileCall["verb"], at: string) =>
    calls.findLast(({ verb, path }) => verb === wanted && path === at)?.number ?? 0;
  for (const { verb, path, from = "", number } of calls) {
    if (verb !== "rename" && verb !== "mkdir") continue;
    const folder = dirname(path);
    // A folder that could not be created yet is created later, once its parent is there.
    const created = verb === "rename" ? number : numberOfLast("mkdir", path);
    assert.ok(numberOfLast("sync", folder) > created, `${folder} holds ${path} durably`);
    if (verb === "mkdir") continue;
    const synced = numberOfLast("sync", from);
    assert.ok(synced > numberOfLast("write", from) && synced < number, `${path} is whole`);
  }
}

Deno.test("all files of a batch are fsynced before one appears, each record after its content", async () => {
  await using subject = await prepared();
  const calls: FileCall[] = [];
  const files = plannedFiles((call) => void calls.push(call));
  await roundOf(await localSubject({ prefix: subject.prefix, files }));
  const numbersOf = (verb: string, path: RegExp) =>
    calls.filter((call) => call.verb === verb && path.test(call.path)).map(({ number }) => number);
  const synced = Math.max(...numbersOf("sync", /\.tmp\/.*eml$/));
  const visible = Math.min(...numbersOf("rename", /eml$/));
  const [content] = numbersOf("rename", new RegExp(`${FRESH.key}.eml$`));
  const [record] = numbersOf("rename", new RegExp(`${FRESH.key}.json$`));
  const [state] = numbersOf("rename", /state\/.*folder-\w+\.json$/);
  assert.ok(synced < visible && visible <= content! && content! < record! && record! < state!);
});

const mayMount = Deno.build.os === "linux" && await mounted("1m", () => Promise.resolve(true));

Deno.test({
  name: "a full disk and a read-only one are told from each other (needs the right to mount)",
  ignore: !mayMount,
  fn: async () => {
    await mounted("256k", async (prefix) => {
      const subject = await localSubject({ prefix });
      const huge = sampleEmail("<huge@x>", { mime: heldMimeContent([new Uint8Array(400_000)]) });
      {
        await using _lock = await subject.states.open(MAILBOX, { signal });
        const opened = await subject.sink.open(MAILBOX, { signal });
        const put = opened.put([FRESH, huge], { signal });
        await assert.rejects(put, { kind: "destination", code: "DiskFull" });
        assert.deepEqual(await subject.stored(MAILBOX), []);
        await opened.put([FRESH], { signal });
      }
      await command("mount", "-o", "remount,ro", prefix);
      const probe = subject.sink.probe({ signal });
      await assert.rejects(probe, {
        kind: "destination",
        code: "ReadOnlyTarget",
        hint: `Mount read-write the file system of "${prefix}"`,
      });
      assert.equal((await subject.stored(MAILBOX)).length, 1);
    });
  },
});

/** Runs `body` on a file system of that size; resolves to false if it may not be mounted. */
async function mounted<T>(
  size: string,
  body: (folder: string) => Promise<T>,
): Promise<T | false> {
  const folder = await Deno.makeTempDir();
  try {
    if (!await command("mount", "-t", "tmpfs", "-o", `size=${size}`, "tmpfs", folder)) return false;
    try {
      return await body(folder);
    } finally {
      await command("umount", folder);
    }
  } finally {
    await Deno.remove(folder);
  }
}

async function command(program: string, ...args: readonly string[]): Promise<boolean> {
  try {
    const { success } = await new Deno.Command(program, { args: [...args], stderr: "null" })
      .output();
    return success;
  } catch (thrown) {
    if (thrown instanceof Deno.errors.NotFound) return false;
    throw thrown;
  }
}
