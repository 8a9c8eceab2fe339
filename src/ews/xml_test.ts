import assert from "node:assert/strict";
import { parseXml } from "./xml.ts";

const parse = (text: string) => parseXml(new TextEncoder().encode(text));
const CORRUPT = { name: "SyncError", kind: "retryable", code: "ResponseCorrupt" };

Deno.test("values stay text: nothing is turned into a number, a truth value or trimmed", () => {
  const root = parse(`<a><b Id="1e5"> 0012 </b><c>1e5</c><d>true</d><e>  </e></a>`);
  assert.equal(root.node("b").attribute("Id"), "1e5");
  assert.equal(root.text("b"), " 0012 ");
  assert.equal(root.text("c"), "1e5");
  assert.equal(root.text("d"), "true");
  assert.equal(root.text("e"), "  ");
});

Deno.test("references are decoded exactly once, control characters included", () => {
  const root = parse(
    `<a n="&lt;&#xD;&quot;">&amp;lt;&#65;&#x1F600;&#x1;&nbsp;<![CDATA[&amp;]]></a>`,
  );
  assert.equal(root.attribute("n"), `<\r"`);
  assert.equal(root.content, "&lt;A\u{1F600}\u0001&nbsp;&amp;");
  assert.equal(parse("<a>&#xD800;&#x110000;</a>").content, "\uFFFD\uFFFD");
});

Deno.test("prefixes do not matter, order and repetition are kept", () => {
  const root = parse(`<x:a xmlns:x="u"><x:b>1</x:b><c/><y:b xmlns:y="v">2</y:b></x:a>`);
  assert.equal(root.name, "a");
  assert.deepEqual(root.children.map(({ name }) => name), ["b", "c", "b"]);
  assert.deepEqual(root.nodes("b").map(({ content }) => content), ["1", "2"]);
  assert.deepEqual(root.nodes("missing"), []);
  assert.equal(root.optionalNode("missing"), undefined);
});

Deno.test("one child and many are read alike, an empty element has no children", () => {
  assert.equal(parse("<a><b/></a>").nodes("b").length, 1);
  assert.equal(parse("<a><b/><b/></a>").nodes("b").length, 2);
  assert.deepEqual(parse("<a></a>").children, []);
});

Deno.test("what must be there and is not is a corrupt answer", () => {
  const root = parse(`<a><b>maybe</b></a>`);
  assert.throws(() => root.node("c"), CORRUPT);
  assert.throws(() => root.text("c"), CORRUPT);
  assert.throws(() => root.attribute("c"), CORRUPT);
  assert.throws(() => root.attribute("constructor"), CORRUPT);
  assert.throws(() => root.flag("b"), CORRUPT);
});

Deno.test("flags, counts and times are read as the schema writes them", () => {
  const root = parse(
    `<a><t>true</t><o>1</o><f>false</f><z> 0 </z><n>42</n><m>-1</m>` +
      `<d>1601-01-01T00:00:00Z</d><u>2100-12-31T23:59:59.5</u><p>2020-01-01T01:00:00+01:00</p>` +
      `<x>yesterday</x></a>`,
  );
  assert.deepEqual(["t", "o", "f", "z"].map((name) => root.flag(name)), [true, true, false, false]);
  assert.equal(root.optionalCount("n"), 42);
  assert.equal(root.optionalCount("m"), undefined);
  assert.equal(root.optionalDate("d")?.toISOString(), "1601-01-01T00:00:00.000Z");
  assert.equal(root.optionalDate("u")?.toISOString(), "2100-12-31T23:59:59.500Z");
  assert.equal(root.optionalDate("p")?.toISOString(), "2020-01-01T00:00:00.000Z");
  assert.equal(root.optionalDate("x"), undefined);
});

Deno.test("a document cut anywhere is refused, never read as an empty one", () => {
  const document = `<?xml version="1.0"?><a b="c"><d>text</d><e/></a>`;
  assert.equal(parse(document).text("d"), "text");
  for (let length = 0; length < document.length; length++) {
    assert.throws(() => parse(document.slice(0, length)), CORRUPT, document.slice(0, length));
  }
});

Deno.test("HTML, junk and more than one document are refused", () => {
  assert.throws(() => parse("<html><body>Service <br> unavailable</body></html>"), CORRUPT);
  assert.throws(() => parse("<!DOCTYPE html><html></html>"), CORRUPT);
  assert.throws(() => parse("Bad gateway"), CORRUPT);
  assert.throws(() => parse("<a/><b/>"), CORRUPT);
  assert.throws(() => parse(""), CORRUPT);
});

Deno.test("XML bombs do not go off: no DTD, no depth", () => {
  const bomb = `<?xml version="1.0"?><!-- x --><!DOCTYPE a [<!ENTITY b "bb">]><a>&b;</a>`;
  assert.throws(() => parse(bomb), CORRUPT);
  assert.equal(parse("<a>&lt;!DOCTYPE b></a>").content, "<!DOCTYPE b>");
  const depth = 10_000;
  assert.throws(() => parse("<a>".repeat(depth) + "</a>".repeat(depth)), CORRUPT);
});

Deno.test("what stands before the root element may be long, and a DTD behind it is seen", () => {
  // Doubling the time with each piece would never end.
  for (const piece of ["\n", "<?p?>", "<!---->", "\r\n<?a b?> <!-- - -->"]) {
    const prolog = piece.repeat(1_000);
    assert.equal(parse(`${prolog}<a>b</a>`).content, "b");
    assert.throws(() => parse(`${prolog}<!DOCTYPE a [<!ENTITY b "b">]><a/>`), CORRUPT);
    assert.throws(() => parse(`${prolog}<?p`), CORRUPT);
  }
});

Deno.test("names that JavaScript objects have of themselves are names like others", () => {
  const root = parse(`<a><toString/><b hasOwnProperty="x"/></a>`);
  assert.equal(root.children.length, 2);
  assert.equal(root.optionalNode("valueOf"), undefined);
  assert.equal(parse("<a><constructor>1</constructor></a>").text("constructor"), "1");
  assert.equal(parse("<a/>").optionalNode("constructor"), undefined);
  assert.equal(parse("<a><__proto__><polluted/></__proto__></a>").children.length, 1);
  assert.equal(({} as Record<string, unknown>)["polluted"], undefined);
});
