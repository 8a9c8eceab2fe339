import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import fc from "fast-check";
import { SyncError } from "../core/errors.ts";
import { LIMITS } from "../core/limits.ts";
import { splitMime } from "./mime_splitter.ts";

const MIME_CONTENT: readonly string[] = ["MimeContent"];

interface Split {
  readonly skeleton: string;
  /** Content by index, as received. */
  readonly contents: ReadonlyMap<number, string>;
}

async function* cutAt(document: Uint8Array, cuts: readonly number[]): AsyncGenerator<Uint8Array> {
  const bounds = [...new Set(cuts.map((cut) => cut % (document.length + 1)))].sort((a, b) => a - b);
  let at = 0;
  for (const bound of [...bounds, document.length]) {
    await Promise.resolve();
    yield document.subarray(at, bound);
    at = bound;
  }
}

async function split(
  document: string,
  cuts: readonly number[] = [],
  elements: readonly string[] = MIME_CONTENT,
): Promise<Split> {
  const parts = new Map<number, Buffer[]>();
  const body = cutAt(new TextEncoder().encode(document), cuts);
  const skeleton = await splitMime(body, (index, bytes) => {
    parts.set(index, [...parts.get(index) ?? [], Buffer.from(bytes)]);
  }, elements);
  const contents = new Map(
    [...parts].map(([index, chunks]) => [index, Buffer.concat(chunks).toString("latin1")]),
  );
  return { skeleton: new TextDecoder().decode(skeleton), contents };
}

function everyByteApart(document: string): readonly number[] {
  return Array.from({ length: new TextEncoder().encode(document).length }, (_, i) => i);
}

async function rejectsAsCorrupt(document: string): Promise<void> {
  for (const cuts of [[], everyByteApart(document)]) {
    await assert.rejects(
      split(document, cuts),
      (error) => error instanceof SyncError && error.code === "ResponseCorrupt",
      document,
    );
  }
}

Deno.test("MIME content is taken out and the element stays, empty", async () => {
  const document = `<a><t:MimeContent CharacterSet="UTF-8">SGVsbG8=</t:MimeContent><b/></a>`;
  for (const cuts of [[], everyByteApart(document)]) {
    const { skeleton, contents } = await split(document, cuts);
    assert.equal(skeleton, `<a><t:MimeContent CharacterSet="UTF-8"></t:MimeContent><b/></a>`);
    assert.deepEqual([...contents], [[0, "Hello"]]);
  }
});

Deno.test("base64 may be broken into lines anywhere, any prefix or none will do", async () => {
  const document = `<a><MimeContent>\r\nSGV\r\n sb\tG8\n=\n</MimeContent>` +
    `<x:MimeContent\n>QUI=</x:MimeContent ></a>`;
  for (const cuts of [[], everyByteApart(document)]) {
    assert.deepEqual([...(await split(document, cuts)).contents], [[0, "Hello"], [1, "AB"]]);
  }
});

Deno.test("other elements than those named are left alone, and no element ends with another's tag", async () => {
  const document = "<a><t:Content>QQ==</t:Content><MimeContent>Qg==</MimeContent></a>";
  const only = await split(document, [], ["Content"]);
  assert.deepEqual([...only.contents], [[0, "A"]]);
  assert.match(only.skeleton, /<t:Content><\/t:Content><MimeContent>Qg==<\/MimeContent>/);
  const both = await split(document, everyByteApart(document), ["Content", "MimeContent"]);
  assert.deepEqual([...both.contents], [[0, "A"], [1, "B"]]);
  await assert.rejects(
    split("<a><Content>QQ==</MimeContent></a>", [], ["Content", "MimeContent"]),
    {
      code: "ResponseCorrupt",
    },
  );
});

Deno.test("an empty MIME element counts but has no content", async () => {
  const document = `<a><MimeContent/><MimeContent></MimeContent><MimeContent x='/' />` +
    `<MimeContent x="/">QQ==</MimeContent></a>`;
  assert.deepEqual([...(await split(document)).contents], [[3, "A"]]);
});

Deno.test("what only looks like MIME content is left alone", async () => {
  const document = `<?pi <MimeContent> ?><a x="<MimeContent>" y='>"<MimeContent>'>` +
    `<!-- <MimeContent>QQ==</MimeContent> -- > --><![CDATA[<MimeContent>]]]]>&lt;MimeContent&gt;` +
    `<MimeContentUTF8>QQ==</MimeContentUTF8><XMimeContent>QQ==</XMimeContent>` +
    `<MimeContent:x>QQ==</MimeContent:x></a>`;
  for (const cuts of [[], everyByteApart(document)]) {
    const { skeleton, contents } = await split(document, cuts);
    assert.equal(skeleton, document);
    assert.equal(contents.size, 0);
  }
});

Deno.test("what is not base64, or not all of it, is a corrupt answer", async () => {
  await rejectsAsCorrupt("<a><MimeContent>SGV$bG8=</MimeContent></a>");
  await rejectsAsCorrupt("<a><MimeContent>SGVsbG8</MimeContent></a>");
  await rejectsAsCorrupt("<a><MimeContent>QQ==QQ==</MimeContent></a>");
  await rejectsAsCorrupt("<a><MimeContent>Q===</MimeContent></a>");
  await rejectsAsCorrupt("<a><MimeContent>\u00e4AAA</MimeContent></a>");
  await rejectsAsCorrupt("<a><MimeContent>\ufeffQQ==</MimeContent></a>");
});

Deno.test("markup within MIME content and answers that are cut are corrupt", async () => {
  await rejectsAsCorrupt("<a><MimeContent>QQ==<!-- --></MimeContent></a>");
  await rejectsAsCorrupt("<a><MimeContent>QQ==<b/></MimeContent></a>");
  await rejectsAsCorrupt("<a><MimeContent>QQ==</b></a>");
  await rejectsAsCorrupt("<a><MimeContent>QQ==");
  await rejectsAsCorrupt("<a><MimeContent>QQ==</MimeCon");
  await rejectsAsCorrupt("<a x='");
  await rejectsAsCorrupt("<a><!-- ");
});

Deno.test("a document type definition and endless tags are refused", async () => {
  await rejectsAsCorrupt(`<!DOCTYPE a [<!ENTITY b "b">]><a/>`);
  await rejectsAsCorrupt(`<${"a".repeat(70_000)}`);
});

Deno.test("the skeleton is bounded, MIME content is not", async () => {
  const chunk = new Uint8Array(1024 * 1024).fill(0x41);
  const count = LIMITS.skeletonBytesMax / chunk.length + 2;
  async function* endless(start: string, end: string) {
    yield new TextEncoder().encode(start);
    for (let i = 0; i < count; i++) yield await Promise.resolve(chunk);
    yield new TextEncoder().encode(end);
  }
  await assert.rejects(
    splitMime(endless("<a>", "</a>"), () => {}, MIME_CONTENT),
    (error) => error instanceof SyncError && error.code === "ResponseTooLarge",
  );
  let bytes = 0;
  await splitMime(endless("<MimeContent>", "</MimeContent>"), (_index, decoded) => {
    bytes += decoded.length;
  }, MIME_CONTENT);
  assert.equal(bytes, count * chunk.length * 3 / 4);
});

Deno.test("nothing is read on while the receiver is busy, and its failure ends the reading", async () => {
  let reads = 0;
  let isReturned = false;
  const body = {
    [Symbol.asyncIterator]: () => ({
      next: () => {
        reads++;
        const value = new TextEncoder().encode(reads === 1 ? "<MimeContent>" : "QUJD");
        return Promise.resolve({ done: false, value });
      },
      return: () => {
        isReturned = true;
        return Promise.resolve({ done: true as const, value: undefined });
      },
    }),
  };
  const { promise, reject } = Promise.withResolvers<void>();
  const result = splitMime(body, () => promise, MIME_CONTENT);
  const failure = assert.rejects(result, /enough/);
  for (let turn = 0; turn < 50; turn++) await Promise.resolve();
  assert.equal(reads, 2);
  reject(new Error("enough"));
  await failure;
  assert.ok(isReturned, "the connection is freed");
});

// Any document made of the parts that matter, cut anywhere, must give what an implementation gives
// that has the whole document at hand and sees it part by part.
Deno.test("any document, however cut, is split as it would be in one piece", async () => {
  const text = fc.stringMatching(/^[a-z &;"'/=\n]*$/);
  const whole = fc.oneof(
    text,
    text.map((inner) => `<!-- <MimeContent>${inner} -->`),
    text.map((inner) => `<![CDATA[<t:MimeContent>${inner}]]>`),
    fc.constantFrom(`<b c="<MimeContent>">`, "</b>", `<b c='/>"'/>`, "<?p <MimeContent>?>"),
    fc.constantFrom("<t:MimeContents>", "<MimeContent.x/>", "</MimeContent>"),
  ).map((part) => ({ part, skeleton: part, content: undefined as string | undefined }));
  const mime = fc.record({
    bytes: fc.uint8Array({ maxLength: 40 }),
    lineLength: fc.integer({ min: 1, max: 20 }),
    name: fc.constantFrom("MimeContent", "t:MimeContent", "long-prefix:MimeContent"),
    attributes: fc.constantFrom("", ` CharacterSet="UTF-8"`, ` a='>'`, "\n"),
  }).map(({ bytes, lineLength, name, attributes }) => {
    const lines = bytes.toBase64().match(new RegExp(`.{1,${lineLength}}`, "g")) ?? [];
    const [start, end] = [`<${name}${attributes}>`, `</${name}>`];
    return {
      part: `${start}${lines.join("\r\n")}${end}`,
      skeleton: `${start}${end}`,
      content: Buffer.from(bytes).toString("latin1"),
    };
  });
  const emptyMime = fc.constantFrom("<MimeContent/>", `<t:MimeContent a="b" />`)
    .map((part) => ({ part, skeleton: part, content: "" as string | undefined }));

  await fc.assert(fc.asyncProperty(
    fc.array(fc.oneof(whole, mime, emptyMime), { maxLength: 12 }),
    fc.array(fc.nat(), { maxLength: 30 }),
    async (parts, cuts) => {
      const document = parts.map(({ part }) => part).join("");
      const expected = parts.map(({ content }) => content).filter((content) =>
        content !== undefined
      );
      const { skeleton, contents } = await split(document, cuts);
      assert.equal(skeleton, parts.map((part) => part.skeleton).join(""));
      assert.deepEqual(
        expected.map((_, index) => contents.get(index) ?? ""),
        expected,
      );
    },
  ));
});

/** Of which markup is made; damaged, most of it. */
const MARKUP = [
  ...["<", ">", "/", "=", '"', "'", "!", "?", "-", "]", "<!--", "-->", "<![CDATA[", "]]>"],
  ...["<?", "?>", "<MimeContent>", "</MimeContent>", "<!DOCTYPE a>", "QQ", " ", "\r\n", ":", "&"],
  ...["<MimeContent/>", "<a b='>'>", "<b/>", "</a>", "<!-- < -->", "<![CDATA[<]]>", "text"],
  ...["<MimeContent>QUJD</MimeContent>", "<t:MimeContent a='>'>QQ==\n</t:MimeContent >"],
] as const;
const encoder = new TextEncoder();

Deno.test("any bytes, however they arrive, are split in one way, or fail with one typed error", async () => {
  const markup = fc.array(
    fc.oneof(
      {
        weight: 9,
        arbitrary: fc.constantFrom(...MARKUP.slice(-9)).map((of) => encoder.encode(of)),
      },
      { weight: 2, arbitrary: fc.constantFrom(...MARKUP).map((of) => encoder.encode(of)) },
      { weight: 1, arbitrary: fc.uint8Array({ maxLength: 2 }) },
    ),
    { maxLength: 20, size: "max" },
  ).map((pieces) => Uint8Array.from(pieces.flatMap((piece) => [...piece])));
  const outcomeOf = async (document: Uint8Array, cuts: readonly number[]) => {
    const contents: string[] = [];
    try {
      const skeleton = await splitMime(cutAt(document, cuts), (index, bytes) => {
        contents[index] = (contents[index] ?? "") + Buffer.from(bytes).toString("hex");
      }, MIME_CONTENT);
      assert.ok(skeleton.length + contents.join("").length / 2 <= document.length);
      return { skeleton: Buffer.from(skeleton).toString("hex"), contents };
    } catch (error) {
      assert.ok(error instanceof SyncError && error.code === "ResponseCorrupt", `${error}`);
      return error.code;
    }
  };
  const cuts = fc.array(fc.nat(), { maxLength: 30, size: "max" });
  let split = 0;
  await fc.assert(
    fc.asyncProperty(markup, cuts, async (document, cuts) => {
      const whole = await outcomeOf(document, []);
      assert.deepEqual(await outcomeOf(document, cuts), whole);
      if (typeof whole === "object" && whole.contents.length > 0) split++;
    }),
    { numRuns: 1_000 },
  );
  assert.ok(split > 0, "some of them have content");
});
