import assert from "node:assert/strict";
import fc from "fast-check";
import { parseXml } from "./xml.ts";
import { element, fragment, textElement } from "./xml_writer.ts";

Deno.test("elements are written with their attributes, absent ones left out", () => {
  const xml = element("a", { b: 1, c: undefined, d: true }, element("e", {}), textElement("f", ""));
  assert.equal(xml, `<a b="1" d="true"><e/><f></f></a>`);
  assert.equal(fragment(element("a", {}), element("b", {})), "<a/><b/>");
});

Deno.test("any text that XML can express is read back as it was", () => {
  const expressible = fc.string({ unit: "binary" }).filter((text) =>
    // deno-lint-ignore no-control-regex -- what the writer refuses
    !/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/.test(text)
  );
  fc.assert(fc.property(expressible, (text) => {
    const root = parseXml(
      new TextEncoder().encode(element("a", { b: text }, textElement("c", text))),
    );
    assert.equal(root.attribute("b"), text);
    assert.equal(root.text("c"), text);
  }));
});

Deno.test("text that XML cannot express is refused without being shown", () => {
  for (const text of ["\u0000", "a\u0008b", "\uffff", "\ud800"]) {
    assert.throws(() => textElement("a", text), { code: "ValueNotXml", kind: "mailbox" });
  }
});
