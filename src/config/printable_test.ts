import assert from "node:assert/strict";
import fc from "fast-check";
import { pathOf, quoted, quotedUrl } from "./printable.ts";

Deno.test("quoted text is one line of visible characters, whatever is in it", () => {
  fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => {
    const shown = quoted(text);
    assert.doesNotMatch(shown, /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u);
    assert.ok(shown.length <= 1300, "even all-escaped text stays short");
  }));
  assert.equal(quoted("a\r\n\u001b[31m\u202eb\u0085"), '"a\\r\\n\\u001b[31m\\u202eb\\u0085"');
});

Deno.test("short printable text is quoted unchanged and long text shortened between characters", () => {
  assert.equal(quoted("Grüße 😀"), '"Grüße 😀"');
  assert.equal(quoted("😀".repeat(200)), `"${"😀".repeat(100)}…"`);
});

Deno.test("objects and lists are named, never shown", () => {
  assert.equal(quoted({ password: "hunter2" }), "an object");
  assert.equal(quoted(["hunter2"]), "a list");
  assert.equal(quoted(12.5), "12.5");
  assert.equal(quoted(false), "false");
});

Deno.test("credentials inside a URL are masked, also in one that is no URL", () => {
  assert.equal(quotedUrl("https://svc:hunter2@mail/"), '"https://[secret]@mail/"');
  assert.equal(quotedUrl("svc:hunter2@mail"), '"[secret]@mail"');
  assert.equal(quotedUrl("https://svc:p/w\n@x@mail"), '"https://[secret]@mail"');
  assert.equal(quotedUrl("https://mail/EWS"), '"https://mail/EWS"');
  assert.equal(quotedUrl("https://mail/EWS?sig=hunter2@x"), '"https://mail/EWS?[secret]"');
});

Deno.test("a path shows plain keys bare and all others quoted", () => {
  assert.equal(pathOf("", "port"), "port");
  assert.equal(pathOf('mailboxes["a@b.c"]', "bucket"), 'mailboxes["a@b.c"].bucket');
  assert.equal(pathOf("mailboxes", "a@b.c"), 'mailboxes["a@b.c"]');
  assert.equal(pathOf("", "a\nb"), '["a\\nb"]');
});
