import assert from "node:assert/strict";
import { SyncError } from "../core/errors.ts";
import { heldMimeContent, type MimeContent } from "../core/mime_content.ts";
import { brokenContent, stuckContent } from "../../tests/contract/sample_emails.ts";
import { MeasuredContent } from "./measured_content.ts";

const { signal } = new AbortController();
const ABC = [new TextEncoder().encode("a"), new Uint8Array(), new TextEncoder().encode("bc")];

async function readAll(content: MeasuredContent): Promise<number> {
  let chunks = 0;
  for await (const _ of content) chunks += 1;
  return chunks;
}

Deno.test("measured content knows hash and size once all has passed", async () => {
  const content = new MeasuredContent(heldMimeContent(ABC), signal);
  assert.throws(() => content.facts, /all of it has passed/);
  assert.equal(await readAll(content), 3);
  assert.deepEqual(content.facts, {
    // FIPS 180, example "abc".
    sha256: "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
    sizeBytes: 3,
  });
});

Deno.test("measured content keeps the error its source broke off with", async () => {
  const error = new SyncError("retryable", "Reset", "Cut");
  const throwing: MimeContent = {
    open() {
      throw error;
    },
  };
  for (const mime of [brokenContent(ABC, error), throwing]) {
    const content = new MeasuredContent(mime, signal);
    await assert.rejects(readAll(content), (thrown) => thrown === error);
    assert.equal(content.sourceFailure, error);
    assert.throws(() => content.facts, /all of it has passed/);
  }
});

Deno.test("measured content never takes a cancelled stream for a whole one", async () => {
  const stuck = stuckContent();
  const stop = new AbortController();
  const content = new MeasuredContent(stuck.content, stop.signal);
  const reading = readAll(content);
  await stuck.reading;
  stop.abort(new Error("stopped"));
  await assert.rejects(reading, /stopped/);
  assert.equal(content.sourceFailure, undefined);
  assert.throws(() => content.facts, /all of it has passed/);
});

Deno.test("measured content frees its source when its reader stops", async () => {
  const stuck = stuckContent();
  for await (const _ of new MeasuredContent(stuck.content, signal)) break;
  await stuck.cancelled;
});

Deno.test("measured content refuses held content that is not the size it says", async () => {
  const mime: MimeContent = { sizeBytes: 4, open: () => heldMimeContent(ABC).open(signal) };
  await assert.rejects(readAll(new MeasuredContent(mime, signal)), /size it says/);
});
