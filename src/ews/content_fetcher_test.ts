import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { SyncError } from "../core/errors.ts";
import { LIMITS } from "../core/limits.ts";
import type { MimeContent } from "../core/mime_content.ts";
import { type Script, ScriptedTransport } from "../source/testing/scripted_transport.ts";
import { NO_ABORT, testEnv } from "../source/testing/test_env.ts";
import { EwsClient } from "./client.ts";
import { ContentFetcher } from "./content_fetcher.ts";
import { answer, contentMessage, failure, fault, idsAskedFor } from "./testing/answers.ts";

const HTML = { "content-type": "text/html" };
const ALICE = {
  address: "alice@example.com",
  bucket: { owner: "o", name: "n" },
  startFrom: "bucket",
} as const;

function harness(script: Script, probe = () => Promise.resolve()) {
  const transport = new ScriptedTransport(script);
  const endpoint = new URL("https://mail.example.com/EWS/Exchange.asmx");
  const env = testEnv();
  const client = new EwsClient({ transport, endpoint, accessType: "delegate", env });
  return { fetcher: new ContentFetcher(client, probe, env.clock), transport };
}

async function bytesOf(mime: MimeContent): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of mime.open(NO_ABORT.signal)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

Deno.test("every item gets its own content, byte for byte, whatever happens to others", async () => {
  const binary = Uint8Array.from({ length: 5_000 }, (_, i) => i * 7 % 256);
  const { fetcher } = harness(() =>
    answer(
      "GetItem",
      contentMessage("A", "From: a\r\n\r\n"),
      failure("GetItem", "ErrorItemNotFound"),
      contentMessage("C", ""),
      contentMessage("D", binary),
    )
  );
  const answers = await fetcher.fetch(ALICE, ["A", "B", "C", "D"], NO_ABORT);
  const [a, b, c, d] = answers;
  assert.ok(a && "value" in a && d && "value" in d);
  assert.equal(String(await bytesOf(a.value)), "From: a\r\n\r\n");
  assert.deepEqual(await bytesOf(d.value), Buffer.from(binary));
  assert.equal(d.value.sizeBytes, 5_000);
  assert.ok(b && "error" in b && b.error.code === "ErrorItemNotFound");
  assert.ok(c && "error" in c && c.error.code === "MimeContentMissing" && c.error.kind === "item");
});

Deno.test("content that turns out too large is not held but fetched again when opened", async () => {
  const large = new Uint8Array(LIMITS.heldMimeBytesMax + 1).fill(0x61);
  const { fetcher, transport } = harness((text) => {
    const messages = idsAskedFor(text).map((id) =>
      contentMessage(id, id === "L" ? large : "small")
    );
    return answer("GetItem", ...messages);
  });
  const [small, lied] = await fetcher.fetch(ALICE, ["S", "L"], NO_ABORT);
  assert.ok(small && "value" in small && lied && "value" in lied);
  assert.equal(small.value.sizeBytes, 5);
  assert.equal(lied.value.sizeBytes, undefined);
  assert.equal(transport.requests.length, 1);
  assert.equal((await bytesOf(lied.value)).length, large.length);
  assert.equal((await bytesOf(lied.value)).length, large.length, "it opens again");
  assert.deepEqual(transport.texts.map(idsAskedFor), [["S", "L"], ["L"], ["L"]]);
});

Deno.test("streamed content flows at the reader's pace", async () => {
  let given = 0;
  async function* body() {
    const [start, end] = answer("GetItem", contentMessage("A", "")).split("</t:MimeContent>");
    yield new TextEncoder().encode(start);
    for (; given < 100; given++) yield await Promise.resolve(new TextEncoder().encode("QUJD"));
    yield new TextEncoder().encode(`</t:MimeContent>${end}`);
  }
  const { fetcher } = harness(() => ({ body: body() }));
  const reader = fetcher.stream(ALICE, "A").open(NO_ABORT.signal).getReader();
  assert.equal(new TextDecoder().decode((await reader.read()).value), "ABC");
  for (let turn = 0; turn < 200; turn++) await Promise.resolve();
  assert.ok(given < 5, `${given} chunks read ahead`);
  let rest = 0;
  while (!(await reader.read()).done) rest++;
  assert.equal(rest, 99);
});

Deno.test("streamed content fails with the error of its item, its answer or its request", async () => {
  const cut = answer("GetItem", contentMessage("A", "x".repeat(10_000))).slice(0, -20);
  const failures: readonly (readonly [Script, string, string])[] = [
    [() => answer("GetItem", failure("GetItem", "ErrorItemNotFound")), "item", "ErrorItemNotFound"],
    [() => cut, "retryable", "ResponseCorrupt"],
    [() => ({ status: 500, body: fault("ErrorServerBusy", 10) }), "retryable", "ErrorServerBusy"],
    [() => answer("GetItem", contentMessage("A", "")), "item", "MimeContentMissing"],
    [() => ({ status: 403 }), "mailbox", "Http403"],
  ];
  for (const [script, kind, code] of failures) {
    const { fetcher, transport } = harness(script);
    await assert.rejects(bytesOf(fetcher.stream(ALICE, "A")), { kind, code });
    assert.equal(transport.requests.length, 1, "who opens it tries again");
  }
});

Deno.test("a stream that fails a few times in a row for its item's fault is the item's own failure", async () => {
  const cut = answer("GetItem", contentMessage("A", "x".repeat(10_000))).slice(0, -20);
  let isWhole = false;
  const { fetcher } = harness(() => isWhole ? answer("GetItem", contentMessage("A", "x")) : cut);
  const kinds: string[] = [];
  const open = async () => {
    try {
      await bytesOf(fetcher.stream(ALICE, "A"));
      kinds.push("whole");
    } catch (error) {
      kinds.push(error instanceof SyncError ? error.kind : String(error));
    }
  };
  for (let i = 0; i < 4; i++) await open();
  isWhole = true;
  await open();
  isWhole = false;
  for (let i = 0; i < 5; i++) await open();
  const four = Array.from({ length: 4 }, () => "retryable");
  assert.deepEqual(kinds, [...four, "whole", ...four, "item"]);
});

Deno.test("a stream with which the server fails is its item's fault only if the server answers otherwise", async () => {
  let isDown = true;
  const probe = () => isDown ? Promise.reject(new SyncError("retryable", "Timeout", "No")) : ok;
  const ok = Promise.resolve();
  const { fetcher } = harness(() => ({ status: 500, body: "<html>", headers: HTML }), probe);
  const kinds: string[] = [];
  for (let i = 0; i < 8; i++) {
    if (i === 7) isDown = false;
    await bytesOf(fetcher.stream(ALICE, "A")).catch(({ kind }: SyncError) => kinds.push(kind));
  }
  assert.deepEqual(kinds, [...Array.from({ length: 7 }, () => "retryable"), "item"]);
});

Deno.test("a busy server is never an item's fault", async () => {
  const { fetcher } = harness(() => ({ status: 500, body: fault("ErrorServerBusy", 0) }));
  for (let i = 0; i < 9; i++) {
    await assert.rejects(bytesOf(fetcher.stream(ALICE, "A")), { kind: "retryable" });
  }
});

Deno.test("who stops reading frees the connection", async () => {
  async function* endless() {
    yield new TextEncoder().encode("<a><MimeContent>");
    for (;;) yield await Promise.resolve(new TextEncoder().encode("QUJD"));
  }
  const { fetcher, transport } = harness(() => ({ body: endless() }));
  const reader = fetcher.stream(ALICE, "A").open(NO_ABORT.signal).getReader();
  await reader.read();
  await reader.cancel();
  await until(() => transport.bodiesEnded === 1);
});

Deno.test("an abort fails the stream with the signal's reason", async () => {
  const stop = new AbortController();
  const { fetcher } = harness(() => {
    stop.abort(new Error("stopping"));
    return answer("GetItem", contentMessage("A", "x"));
  });
  const reader = fetcher.stream(ALICE, "A").open(stop.signal).getReader();
  await assert.rejects(reader.read(), /stopping/);
});

/** Lets pending work run until the condition holds. */
async function until(condition: () => boolean): Promise<void> {
  for (let turn = 0; turn < 10_000; turn++) {
    if (condition()) return;
    await Promise.resolve();
  }
  assert.fail("the condition never holds");
}
