import assert from "node:assert/strict";
import { escaped, textElement } from "./xml_text.ts";

Deno.test("markup is escaped, and control characters are written as Exchange writes them", () => {
  assert.equal(textElement("t:X", `<a & "b">`), "<t:X>&lt;a &amp; &quot;b&quot;&gt;</t:X>");
  assert.equal(escaped("a\u0001\r\n\tb\u001f"), "a&#x1;&#xD;\n\tb&#x1F;");
  assert.equal(escaped("プロ🚀"), "プロ🚀");
});
