import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { undiciCase } from "../../src/http/testing/undici_case.ts";
import { emailObjectNamesOf } from "../../src/storage/layout.ts";
import { sampleEmail, sampleMailbox } from "../contract/sample_emails.ts";
import { azureSubject } from "./azure_subject.ts";
import { azuriteOfFile } from "./azurite.ts";
import { startFaultyProxy } from "./faulty_proxy.ts";

const azurite = await azuriteOfFile();
const { signal } = new AbortController();
const MAILBOX = sampleMailbox();
const MIB = 1024 * 1024;
const NAME = "data/x.eml";

/** The bytes as they come, and in what pieces. */
async function read(contents: AsyncIterable<Uint8Array> | undefined) {
  const chunks = await Array.fromAsync(contents ?? []);
  return { bytes: Buffer.concat(chunks), sizes: chunks.map(({ byteLength }) => byteLength) };
}

undiciCase(
  "large content is read back in ranges, each of which is tried again by itself",
  async () => {
    await using proxy = startFaultyProxy(azurite.endpoint);
    await using subject = await azureSubject(azurite, { through: proxy.endpoint });
    const { objects, sink, reader, prefix } = subject;
    const content = new Uint8Array(2.5 * MIB).map((_, at) => at % 251);
    const email = sampleEmail("<a@x>", { mime: { open: () => ReadableStream.from([content]) } });
    await (await sink.open(MAILBOX, { signal })).put([email], { signal });
    const { mime: name } = emailObjectNamesOf(MAILBOX, email);
    const md5 = createHash("md5").update(content).digest("base64");
    assert.equal((await reader.headers(`${prefix}/${name}`)).get("content-md5"), md5);
    const begun = proxy.requests.length;
    proxy.fault = (_request, number) => number === begun + 2 ? "cut-within" : undefined;
    const options = { signal, bytesMax: content.byteLength + 1 };
    const { bytes, sizes } = await read(await objects.open(name, options));
    assert.deepEqual(sizes, [MIB, MIB, MIB / 2]);
    assert.ok(bytes.equals(content));
    assert.equal(proxy.requests.length - begun, 4);
  },
);

undiciCase(
  "an answer whose header fields were taken away is asked for again, then told",
  async () => {
    await using proxy = startFaultyProxy(azurite.endpoint);
    await using subject = await azureSubject(azurite, { through: proxy.endpoint });
    const { objects } = subject;
    const options = { signal, bytesMax: 9 };
    await objects.replace(NAME, Uint8Array.of(1), options);
    const begun = proxy.requests.length;
    let bare = 1;
    proxy.fault = (_request, number) =>
      number <= begun + bare ? { status: 200, headers: { "x-ms-version": "x" } } : undefined;
    assert.deepEqual(await objects.read(NAME, options), Uint8Array.of(1));
    bare = Infinity;
    const code = "NotBlobStorage";
    await assert.rejects(objects.read(NAME, options), { kind: "destination", code });
  },
);

undiciCase("content is read as far as it is asked for, and there is none of no blob", async () => {
  await using subject = await azureSubject(azurite);
  const { objects, reader, prefix } = subject;
  assert.equal(await objects.open(NAME, { signal, bytesMax: 9 }), undefined);
  // Ends where a range ends, too.
  const lengths: readonly (readonly [number, number])[] = [
    [0, 1],
    [5, 5],
    [5, 4],
    [2 * MIB, 3 * MIB],
    [2 * MIB, 2 * MIB],
    [2 * MIB, MIB + 1],
  ];
  for (const [length, bytesMax] of lengths) {
    await reader.write(`${prefix}/${NAME}`, "x".repeat(length));
    const { bytes } = await read(await objects.open(NAME, { signal, bytesMax }));
    assert.equal(bytes.byteLength, Math.min(length, bytesMax), `${length}, ${bytesMax}`);
  }
});

undiciCase("content that is replaced or removed while it is read ends there", async () => {
  await using subject = await azureSubject(azurite);
  const { objects, reader, prefix } = subject;
  const name = `${prefix}/${NAME}`;
  const changes = [() => reader.write(name, "y".repeat(3 * MIB)), () => reader.remove(name)];
  for (const change of changes) {
    await reader.write(name, "x".repeat(3 * MIB));
    const contents = await objects.open(NAME, { signal, bytesMax: 3 * MIB + 1 });
    const sizes: number[] = [];
    for await (const chunk of contents ?? []) {
      if (sizes.push(chunk.byteLength) === 1) await change();
    }
    assert.deepEqual(sizes, [MIB]);
  }
});
