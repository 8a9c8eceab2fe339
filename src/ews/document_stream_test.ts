import assert from "node:assert/strict";
import fc from "fast-check";
import { SyncError } from "../core/errors.ts";
import { LIMITS } from "../core/limits.ts";
import { testEnv } from "../source/testing/test_env.ts";
import { documentsOf } from "./document_stream.ts";

const SILENCE_MS = 1_000;
const bytesOf = (text: string) => new TextEncoder().encode(text);

/** Everything that comes of a body whose chunks are these. */
async function read(...chunks: readonly (string | Uint8Array)[]): Promise<readonly string[]> {
  const { clock } = testEnv();
  const signal = new AbortController().signal;
  const body = ReadableStream.from(chunks.map((it) => typeof it === "string" ? bytesOf(it) : it));
  const documents = documentsOf(body, { clock, signal, silenceMsMax: SILENCE_MS });
  const texts: string[] = [];
  for await (const document of documents) texts.push(new TextDecoder().decode(document));
  return texts;
}

async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
  } catch (error) {
    assert.ok(error instanceof SyncError, String(error));
    assert.equal(error.kind, "retryable");
    return error.code;
  }
  throw new assert.AssertionError({ message: "not rejected" });
}

const NAME = fc.constantFrom("a", "s:Envelope", "ü");
const TEXT = fc.constantFrom("", " ", "x", "&lt;/a&gt;", "<![CDATA[</a>]]>", "<!-- <a> -->", "ß");
const ATTRIBUTE = fc.constantFrom("", ` b="</a>"`, ` b='"'`, ` b="/"`);

const { element } = fc.letrec<{ element: string }>((tie) => ({
  element: fc.tuple(
    NAME,
    ATTRIBUTE,
    fc.array(fc.oneof({ depthSize: "small" }, TEXT, tie("element")), { maxLength: 4 }),
  ).map(([name, attribute, content]) =>
    content.length === 0
      ? `<${name}${attribute}/>`
      : `<${name}${attribute}>${content.join("")}</${name}>`
  ),
}));

const DECLARATION = '<?xml version="1.0" encoding="utf-8"?>';
const document = fc.tuple(fc.constantFrom("", DECLARATION), element).map((parts) => parts.join(""));

Deno.test("documents come out one by one, wherever the network cuts them", async () => {
  await fc.assert(fc.asyncProperty(
    fc.array(document, { minLength: 1, maxLength: 5 }),
    fc.array(fc.nat(), { maxLength: 8 }),
    fc.constantFrom("", "\r\n", "\uFEFF"),
    async (documents, cuts, between) => {
      const bytes = bytesOf(between + documents.join(between));
      const places = [0, ...cuts.map((cut) => cut % bytes.length), bytes.length]
        .sort((a, b) => a - b);
      const chunks = places.slice(1).map((end, index) => bytes.subarray(places[index]!, end));
      assert.deepEqual(await read(...chunks), documents);
    },
  ));
});

Deno.test("a document is there before the next one has begun", async () => {
  const { clock } = testEnv();
  const { promise, resolve } = Promise.withResolvers<void>();
  let isCancelled = false;
  const body = {
    [Symbol.asyncIterator]: () => ({
      next: async () => {
        if (isCancelled) await promise;
        isCancelled = true;
        return { done: false, value: bytesOf("<a/><b>") } as const;
      },
      return: () => {
        resolve();
        return Promise.resolve({ done: true, value: undefined } as const);
      },
    }),
  };
  const signal = new AbortController().signal;
  const documents = documentsOf(body, { clock, signal, silenceMsMax: SILENCE_MS });
  const first = await documents.next();
  assert.equal(new TextDecoder().decode(first.value!), "<a/>");
  const silent = await clock.runUntil(codeOf(documents.next()));
  assert.equal(silent, "StreamSilent");
  await promise; // the body was cancelled
});

Deno.test("bytes that make no document do not count as a sign of life", async () => {
  const { clock } = testEnv();
  async function* drip() {
    for (;;) {
      await clock.sleep(SILENCE_MS / 4, { signal: new AbortController().signal });
      yield bytesOf(" ");
    }
  }
  const signal = new AbortController().signal;
  const documents = documentsOf(drip(), { clock, signal, silenceMsMax: SILENCE_MS });
  assert.equal(await clock.runUntil(codeOf(documents.next())), "StreamSilent");
});

for (
  const [what, ...chunks] of [
    ["ends in the middle", "<a><b/>"],
    ["ends in a tag", "<a/><b"],
    ["ends what has not begun", "</a>"],
    ["has a document type definition", "<!DOCTYPE a><a/>"],
    ["is no XML", "Service Unavailable"],
  ] as const
) {
  Deno.test(`a stream that ${what} is an error`, async () => {
    assert.equal(await codeOf(read(...chunks)), "ResponseCorrupt");
  });
}

Deno.test("a document without end is given up at its limit", async () => {
  const chunk = "<a>".repeat(10_000);
  const chunks = Array.from({ length: LIMITS.streamedDocumentBytesMax / 30_000 + 1 }, () => chunk);
  assert.equal(await codeOf(read(...chunks)), "ResponseTooLarge");
});

Deno.test("an abort ends the wait with its reason", async () => {
  const { clock } = testEnv();
  const abort = new AbortController();
  const reason = new Error("Enough");
  const body = new ReadableStream<Uint8Array>();
  const options = { clock, signal: abort.signal, silenceMsMax: SILENCE_MS };
  const next = documentsOf(body, options).next();
  abort.abort(reason);
  await assert.rejects(next, reason);
});
