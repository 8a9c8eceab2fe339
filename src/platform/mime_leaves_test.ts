import assert from "node:assert/strict";
import { mimeLeavesOf } from "./mime_leaves.ts";
import { joined } from "./joined.ts";
import { bytesOf, inPieces, latin1Of } from "./testing/bytes.ts";

async function leavesOf(mime: string, pieceBytes = 1_000) {
  const leaves: (readonly [name: string | undefined, type: string, content: string])[] = [];
  for await (const { part, content } of mimeLeavesOf(streamOf(mime, pieceBytes))) {
    const bytes = (await Array.fromAsync(content)).map((piece) => piece.slice());
    leaves.push([part.fileName, part.mediaType, latin1Of(joined(bytes))]);
  }
  return leaves;
}

async function* streamOf(mime: string, pieceBytes: number): AsyncGenerator<Uint8Array, void> {
  for (const piece of inPieces(bytesOf(mime), pieceBytes)) {
    await Promise.resolve();
    yield piece;
  }
}

function multipart(...parts: readonly string[]): string {
  return 'Content-Type: multipart/mixed;\r\n boundary="=_b (1)"\r\n\r\n' +
    parts.map((part) => `--=_b (1)\r\n${part}\r\n`).join("") + "--=_b (1)--\r\n";
}

Deno.test("leaves come in order and without their encoding, however the email is cut", async () => {
  const mime = multipart(
    "Content-Type: multipart/alternative; boundary=inner\r\n\r\n" +
      "--inner\r\n\r\nplain\r\n--inner\r\nContent-Type: text/html\r\n\r\n<p>\r\n--inner--",
    'Content-Type: image/png; name="a.png"\r\nContent-Transfer-Encoding: BASE64\r\n\r\nAAEC\r\n/w==',
    "Content-Disposition: attachment; filename=b.txt\r\n" +
      "Content-Transfer-Encoding: quoted-printable\r\n\r\na=3Db=\r\nc =E4\r\n=Z",
    "Content-Type: message/rfc822\r\n\r\nSubject: inner\r\nContent-Type: multipart/mixed; boundary=z" +
      "\r\n\r\n--z\r\n\r\nx\r\n--z--\r\n",
  );
  const expected = [
    [undefined, "text/plain", "plain"],
    [undefined, "text/html", "<p>"],
    ["a.png", "image/png", "\0\x01\x02\xff"],
    ["b.txt", "text/plain", "a=bc \xe4\r\n=Z"],
    [
      undefined,
      "message/rfc822",
      "Subject: inner\r\nContent-Type: multipart/mixed; boundary=z\r\n\r\n--z\r\n\r\nx\r\n--z--\r\n",
    ],
  ];
  for (const pieceBytes of [1, 2, 5, 1_000]) {
    assert.deepEqual(await leavesOf(mime, pieceBytes), expected);
  }
});

Deno.test("a leaf that nobody reads does not get into the way of the next one", async () => {
  const mime = multipart("\r\none\r\ntwo", "\r\nthree");
  const seen: string[] = [];
  for await (const { content } of mimeLeavesOf(streamOf(mime, 3))) {
    for await (const piece of content) {
      seen.push(latin1Of(piece));
      if (seen.length === 1) break;
    }
  }
  assert.deepEqual(seen.slice(0, 1), ["one"]);
  assert.equal(seen.slice(1).join(""), "three");
});

Deno.test("names of files are read in every way that they are written", async () => {
  const cases: readonly (readonly [field: string, name: string])[] = [
    ["attachment; filename=plain.txt", "plain.txt"],
    ['attachment; filename="a \\"b\\"; c.txt"', 'a "b"; c.txt'],
    ["attachment; filename*=utf-8''%E2%82%AC%20.txt; filename=euro.txt", "€ .txt"],
    ["attachment; filename*0*=iso-8859-1''%E4; filename*1=b; filename*2*=%FC.txt", "äbü.txt"],
    ['attachment; filename="=?utf-8?B?w6Q=?= =?iso-8859-1?Q?_=FC=2Etxt?="', "ä ü.txt"],
    ['attachment; filename="\xc3\xa4.txt"', "ä.txt"],
    ['attachment; filename="\xe4.txt"', "ä.txt"],
    ["attachment; filename*=unknown''%E4", "ä"],
  ];
  for (const [field, name] of cases) {
    const [leaf] = await leavesOf(multipart(`Content-Disposition: ${field}\r\n\r\nx`));
    assert.equal(leaf?.[0], name, field);
  }
});

Deno.test("an email made to exhaust a reader is read in bounded memory", async () => {
  const nested = Array.from({ length: 200 }, (_, i) => {
    return `Content-Type: multipart/mixed; boundary=b${i}\r\n\r\n--b${i}\r\n`;
  }).join("");
  const deepest = await leavesOf(`${nested}\r\nx`);
  assert.equal(deepest.length, 1);
  const endless = await leavesOf(`X: ${"y".repeat(600_000)}\r\n\r\nbody`, 10_000);
  assert.deepEqual(endless, []);
  const [line] = await leavesOf(`\r\n--${"-".repeat(600_000)}`, 10_000);
  assert.equal(line?.[2].length, 600_002);
});

Deno.test("a name in pieces and a header of many lines may be as long as any", async () => {
  const long = "a".repeat(200_000);
  const named = `Content-Disposition: attachment; filename*0="${long}"; filename*1="b"\r\n\r\nx`;
  assert.deepEqual(await leavesOf(named, 50_000), [[`${long}b`, "text/plain", "x"]]);
  const [leaf] = await leavesOf(`${"a\n".repeat(130_000)}\nx`, 50_000);
  assert.equal(leaf?.[2], "x");
});
