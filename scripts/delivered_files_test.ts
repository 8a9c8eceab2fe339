import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { arrivedSince, DeliveredFiles } from "./delivered_files.ts";

async function withPrefix(test: (prefix: string) => Promise<void>): Promise<void> {
  const prefix = await Deno.makeTempDir();
  try {
    await test(prefix);
  } finally {
    await Deno.remove(prefix, { recursive: true });
  }
}

async function write(prefix: string, path: string, json: unknown): Promise<void> {
  await Deno.mkdir(join(prefix, dirname(path)), { recursive: true });
  await Deno.writeTextFile(join(prefix, path), JSON.stringify(json));
}

Deno.test("delivered files are those whose .json is at its place", () =>
  withPrefix(async (prefix) => {
    const delivered = new DeliveredFiles(prefix);
    await delivered.refresh();
    assert.equal(delivered.emails.length, 0);

    const json = {
      mime_size: 10,
      metadata: { received_at: "2026-01-31T00:00:00Z", folder: ["A"] },
    };
    await write(prefix, "data/o/b/m/2026/01/31/1.json", json);
    await write(prefix, "data/o/b/m/.tmp/2.json", json);
    await Deno.writeTextFile(join(prefix, "data/o/b/m/2026/01/31/3.eml"), "incomplete");
    await delivered.refresh();
    await write(prefix, "data/o/b/m/0000/00/00/4.json", { mime_size: 5, metadata: { folder: [] } });
    await delivered.refresh();

    const seen = delivered.emails.map((email) => [email.sizeBytes, email.receivedAt, email.folder]);
    assert.deepEqual(seen, [
      [10, new Date("2026-01-31T00:00:00Z"), ["A"]],
      [5, undefined, []],
    ]);
  }));

Deno.test("delivered files tell new emails from old ones and from those without a time", () => {
  const start = new Date("2026-01-31T12:00:00Z");
  const email = { path: "x.json", sizeBytes: 1, folder: [] };
  assert.equal(arrivedSince({ ...email, receivedAt: start }, start), true);
  assert.equal(arrivedSince({ ...email, receivedAt: new Date(start.getTime() - 1) }, start), false);
  assert.equal(arrivedSince({ ...email, receivedAt: undefined }, start), false);
});

Deno.test("delivered files are all there once every folder of every mailbox is followed", () =>
  withPrefix(async (prefix) => {
    const delivered = new DeliveredFiles(prefix);
    assert.equal(await delivered.isCaughtUp(1), false);
    await write(prefix, "state/o/b/one/a.json", { mailbox: "one", phase: "following" });
    assert.equal(await delivered.isCaughtUp(1), true);
    assert.equal(await delivered.isCaughtUp(2), false);
    await write(prefix, "state/o/b/two/a.json", { mailbox: "two", phase: "backfilling" });
    assert.equal(await delivered.isCaughtUp(2), false);
    await write(prefix, "state/o/b/two/a.json", { mailbox: "two", phase: "following" });
    assert.equal(await delivered.isCaughtUp(2), true);
  }));
