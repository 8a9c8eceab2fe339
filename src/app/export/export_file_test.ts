import assert from "node:assert/strict";
import { join } from "node:path";
import { filesBelow } from "../../../tests/files_below.ts";
import { ExportFile } from "./export_file.ts";

const { signal } = new AbortController();

async function folder() {
  const root = await Deno.makeTempDir();
  const path = join(root, "acme/mail.jsonl");
  return {
    root,
    path,
    create: (force = false) => ExportFile.create({ path, root, force }),
    [Symbol.asyncDispose]: () => Deno.remove(root, { recursive: true }),
  };
}

async function* textOf(text: string) {
  yield await Promise.resolve(new TextEncoder().encode(text));
}

Deno.test("an export that is not finished leaves nothing, and one that is finished stays", async () => {
  await using subject = await folder();
  {
    await using file = await subject.create();
    await file.write(textOf("one\n"), signal);
  }
  assert.deepEqual(await filesBelow(subject.root), []);
  {
    await using file = await subject.create();
    await file.write(textOf("one\n"), signal);
    await file.write(textOf("two\n"), signal);
    await file.finish();
  }
  assert.deepEqual(await filesBelow(subject.root), [subject.path]);
  assert.equal(await Deno.readTextFile(subject.path), "one\ntwo\n");
});

Deno.test("a file that somebody else made meanwhile is kept, unless forced", async () => {
  await using subject = await folder();
  for (const [force, kept] of [[false, "theirs"], [true, "ours\n"]] as const) {
    await using file = await subject.create(force);
    await file.write(textOf("ours\n"), signal);
    await Deno.writeTextFile(subject.path, "theirs");
    const finished = file.finish();
    if (force) await finished;
    else await assert.rejects(finished, { code: "ExportExists", kind: "destination" });
    assert.equal(await Deno.readTextFile(subject.path), kept);
  }
  assert.deepEqual(await filesBelow(subject.root), [subject.path]);
});

Deno.test("two exports of one file do not meet", async () => {
  await using subject = await folder();
  await using file = await subject.create();
  await file.write(textOf("ours\n"), signal);
  await assert.rejects(subject.create(), { code: "ExportLocked" });
  await file.finish();
  assert.equal(await Deno.readTextFile(subject.path), "ours\n");
});
