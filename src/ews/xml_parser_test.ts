import assert from "node:assert/strict";
import fc from "fast-check";
import { XMLValidator } from "fast-xml-parser";
import { parseElements, type XmlElement, XmlError } from "./xml_parser.ts";

interface Tree {
  readonly prefix: string;
  readonly name: string;
  readonly attributes: readonly (readonly [name: string, value: string])[];
  readonly content: readonly (string | Tree)[];
}

const name = fc.constantFrom("a", "Item", "_x", "b-c.1", "ünï", "constructor", "__proto__");
const prefix = fc.constantFrom("", "", "t:", "m:");
const text = fc.oneof(
  fc.constantFrom("", " ", "\n\t ", "a&b", "<a>", "]]>", "\u0001", "\r", "\u{1f600}", "&amp;lt;"),
  fc.string({ maxLength: 5 }),
);
const { tree } = fc.letrec<{ tree: Tree }>((tie) => ({
  tree: fc.record({
    prefix,
    name,
    attributes: fc.uniqueArray(fc.tuple(name, text), { selector: ([name]) => name, maxLength: 3 }),
    content: fc.array(fc.oneof({ depthSize: "small" }, text, tie("tree")), { maxLength: 4 }),
  }),
}));
/** What changes nothing. */
const noise = fc.constantFrom("", "", "<!-- <a> & -- -->", "<?p <b?>", "<!---->");
const choice = fc.infiniteStream(fc.nat(2));

function reference(character: string): string {
  return `&#x${character.codePointAt(0)!.toString(16)};`;
}

/** A text as it may stand in a document, by one of three ways. */
function escaped(text: string, way: number): string {
  if (way === 0 && text !== "" && !/\]\]>|\r/.test(text)) return `<![CDATA[${text}]]>`;
  if (way === 1) return [...text].map(reference).join("");
  return text.replace(/[&<>\r]/g, reference);
}

function written(tree: Tree, noise: string, ways: Iterator<number>): string {
  const next = () => ways.next().value as number;
  const attributes = tree.attributes.map(([name, value]) => {
    const quote = next() === 0 ? "'" : '"';
    const text = value.replace(/[&<\r]/g, reference).replaceAll(quote, reference(quote));
    return ` ${next() === 0 ? "\n" : ""}${name} = ${quote}${text}${quote}`;
  });
  const inside = tree.content.map((part) =>
    typeof part === "string" ? escaped(part, next()) : written(part, noise, ways)
  );
  const tag = tree.prefix + tree.name;
  if (inside.length === 0 && next() === 0) return `<${tag}${attributes.join("")} />`;
  return `<${tag}${attributes.join("")}>${inside.join(noise)}${noise}</${tag} >`;
}

function elementOf({ name, attributes, content }: Tree): unknown {
  return {
    name,
    attributes: [...attributes],
    children: content.filter((part) => typeof part !== "string").map(elementOf),
    content: content.filter((part) => typeof part === "string").join(""),
  };
}

function plain({ name, attributes, children, content }: XmlElement): unknown {
  return { name, attributes: [...attributes ?? []], children: children.map(plain), content };
}

Deno.test("a document says what was written into it, however it was written", () => {
  fc.assert(fc.property(tree, noise, choice, (tree, noise, ways) => {
    const document = `<?xml version="1.0"?>${noise}\r\n${written(tree, noise, ways)}\n${noise}`;
    assert.deepEqual(plain(parseElements(document)), elementOf(tree));
  }));
});

Deno.test("no damage makes a document that a validator refuses a good one", () => {
  const damage = fc.array(
    fc.tuple(
      fc.nat(),
      fc.constantFrom("", "", "<", ">", "/", '"', "&", "=", " ", "<!", "a", "</a>", "]]>"),
    ),
    { minLength: 1, maxLength: 3 },
  );
  let [read, refused] = [0, 0];
  fc.assert(
    fc.property(tree, damage, choice, (tree, damage, ways) => {
      let document = written(tree, "", ways);
      for (const [place, piece] of damage) {
        const at = place % document.length;
        document = document.slice(0, at) + piece + document.slice(at + 1);
      }
      try {
        parseElements(document);
      } catch (error) {
        assert.ok(error instanceof XmlError && error.message.length < 1_000, `${error}`);
        refused++;
        return;
      }
      read++;
      assert.equal(XMLValidator.validate(document), true, document);
    }),
    { numRuns: 1_000 },
  );
  assert.ok(read > 0 && refused > 0, `${read} read, ${refused} refused`);
});

Deno.test("what is kept of a document does not keep the document", async () => {
  const script = new URL("./testing/kept_texts.ts", import.meta.url).pathname;
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--no-check", "--v8-flags=--expose-gc", script],
  }).output();
  assert.equal(code, 0, new TextDecoder().decode(stderr));
  const { heapUsed, keptTexts } = JSON.parse(new TextDecoder().decode(stdout));
  assert.equal(keptTexts, 900);
  // The documents are 28 MB.
  assert.ok(heapUsed < 20e6, `${heapUsed} bytes`);
});

Deno.test("what is no document says what is wrong with it", () => {
  const faults: Readonly<Record<string, RegExp>> = {
    "": /no element/,
    "<a>": /"a" does not end/,
    "<a></b>": /"b" ends where "a" is open/,
    "<t:a></a>": /"a" ends where "t:a" is open/,
    "</a>": /"a" ends where "" is open/,
    "<a/><b/>": /more than one element/,
    "<a/>b": /text outside/,
    "<a b='1' b='2'/>": /"b" is there twice/,
    "<a b/>": /does not end properly/,
    "<a b='<'/>": /does not end properly/,
    "<a b='1'c='2'/>": /does not end properly/,
    "<a>&</a>": /"&" begins no reference/,
    "<a b='&#x;'/>": /"&" begins no reference/,
    "<1/>": /begins no tag/,
    "<a>< b/></a>": /begins no tag/,
    "<!-- <a/>": /"-->" is missing/,
    "<!--><a/>": /"-->" is missing/,
    "<a><![CDATA[</a>": /"\]\]>" is missing/,
    "<!DOCTYPE a><a/>": /document type/,
    "<a><!ENTITY b 'c'></a>": /document type/,
    [`${"<a>".repeat(65)}${"</a>".repeat(65)}`]: /nested too deep/,
  };
  for (const [document, words] of Object.entries(faults)) {
    assert.throws(() => parseElements(document), { name: "XmlError", message: words }, document);
  }
});
