import assert from "node:assert/strict";
import { parseXml, XmlNotWellFormed } from "./xml_tree.ts";

Deno.test("names are resolved, whatever the prefixes, and text is taken as it stands", () => {
  const root = parseXml(
    '<?xml version="1.0"?>\n<a:Root xmlns:a="urn:1" xmlns="urn:2" x="1e5">' +
      '<Child a:y="&lt;&#65;&#x42;"> 0012 <![CDATA[<&]]></Child><b xmlns="urn:3"/></a:Root>',
  );
  assert.deepEqual([root.namespace, root.name, root.attributes.get("x")], ["urn:1", "Root", "1e5"]);
  const [child, other] = root.children;
  assert.deepEqual([child?.namespace, child?.text], ["urn:2", " 0012 <&"]);
  assert.equal(child?.attributes.get("{urn:1}y"), "<AB");
  assert.equal(other?.namespace, "urn:3");
  assert.deepEqual(root.place, { line: 2, position: 1 });
});

Deno.test("what is no well-formed document, or a dangerous one, is refused", () => {
  const bad = [
    "",
    "text",
    "<a>",
    "<a></b>",
    "<a/><b/>",
    "<a/>text",
    "<a>&nbsp;</a>",
    "<a>& b</a>",
    "<a>&#x110000;</a>",
    '<a b="1" b="2"/>',
    "<p:a/>",
    '<a xmlns:p="u"><p:q:r/></a>',
    '<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>',
    `${"<a>".repeat(70)}${"</a>".repeat(70)}`,
  ];
  for (const text of bad) assert.throws(() => parseXml(text), XmlNotWellFormed, text);
});
