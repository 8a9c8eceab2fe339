import assert from "node:assert/strict";
import fc from "fast-check";
import {
  azureLocationOf,
  bindAddressOf,
  configNameOf,
  filePathOf,
  folderPathOf,
  urlPathOf,
  wholeNumberOf,
} from "./option_values.ts";

Deno.test("a bind address is a host and a port, an IPv6 host in brackets", () => {
  assert.deepEqual(bindAddressOf("127.0.0.1:8080"), { host: "127.0.0.1", port: 8080 });
  assert.deepEqual(bindAddressOf("localhost:0"), { host: "localhost", port: 0 });
  assert.deepEqual(bindAddressOf("[::]:9"), { host: "::", port: 9 });
  const refused = [":8080", "8080", "localhost", "::1:80", "[127.0.0.1]:80", "[]:80", "a b:80"];
  for (const text of [...refused, "a:65536", "a:-1", "a:", "http://a:80", "-a:80", ""]) {
    assert.equal(bindAddressOf(text), undefined, text);
  }
});

Deno.test("an Azure location has an account, a container and maybe a prefix", () => {
  const place = { account: "acme01", container: "mail-1" };
  assert.deepEqual(azureLocationOf("az://acme01/mail-1"), { ...place, prefix: "" });
  assert.deepEqual(azureLocationOf("az://acme01/mail-1/"), { ...place, prefix: "" });
  assert.deepEqual(azureLocationOf("az://acme01/mail-1/a/b c/"), { ...place, prefix: "a/b c" });
});

Deno.test("an Azure location that Azure would refuse, or that climbs, is none", () => {
  const refused = [
    ...["az://acme01", "az://acme01/", "az://ab/mail", "az://Acme/mail", "az://acme01/ma"],
    ...["az://acme01/Mail", "az://acme01/-mail", "az://acme01/mail-", "az://acme01/ma--il"],
    ...["az://acme01/mail/../x", "az://acme01/mail/.", "az://acme01/mail//x", "az://a.b.c/mail"],
    ...[
      "az://acme01/mail/a\\b",
      "az://acme01/mail/a\nb",
      "https://acme01/mail",
      "AZ://acme01/mail",
    ],
    ...[`az://acme01/${"m".repeat(64)}`, `az://${"a".repeat(25)}/mail`, "", "az://"],
  ];
  for (const text of refused) assert.equal(azureLocationOf(text), undefined, text);
});

Deno.test("names of remote configs, file paths and URL paths cannot lead elsewhere", () => {
  assert.equal(configNameOf("acme_EU.prod-1"), "acme_EU.prod-1");
  for (const text of [".", "..", "", "a/b", "a b", "ä"]) {
    assert.equal(configNameOf(text), undefined);
  }
  assert.equal(urlPathOf("/api/_private"), "/api/_private");
  for (const text of ["api", "/", "//x", "/a/../b", "/a?b", "", "/a b"]) {
    assert.equal(urlPathOf(text), undefined, text);
  }
  assert.equal(filePathOf("./mail here"), "./mail here");
  assert.equal(filePathOf("a\0b"), undefined);
  assert.equal(filePathOf(""), undefined);
});

Deno.test("whole numbers are plain digits inside their range", () => {
  fc.assert(fc.property(fc.nat(), (number) => {
    assert.equal(wholeNumberOf(String(number), 0, 2 ** 31), number);
    assert.equal(wholeNumberOf(String(number), number + 1, 2 ** 32), undefined);
  }));
  for (const text of ["", "-1", "+1", "1.0", "1e3", " 1", "0x10", "9".repeat(400)]) {
    assert.equal(wholeNumberOf(text, 0, Infinity), undefined, text);
  }
});

Deno.test("no text makes a reader throw", () => {
  const readers = [
    azureLocationOf,
    bindAddressOf,
    configNameOf,
    filePathOf,
    folderPathOf,
    urlPathOf,
  ];
  fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => {
    for (const read of readers) read(text);
  }));
});

Deno.test("a folder path is names between slashes, or a JSON array where a name holds one", () => {
  assert.deepEqual(folderPathOf("Inbox"), ["Inbox"]);
  assert.deepEqual(folderPathOf("Inbox/Old mail/2026"), ["Inbox", "Old mail", "2026"]);
  assert.deepEqual(folderPathOf('["Projects", "A/B"]'), ["Projects", "A/B"]);
  assert.deepEqual(folderPathOf(' [ "\\"[" ]'), ['"[']);
  // A name may begin with a bracket.
  assert.deepEqual(folderPathOf("[Gmail]/All Mail"), ["[Gmail]", "All Mail"]);
  assert.deepEqual(folderPathOf('["[\\"x\\"]"]'), ['["x"]']);
});

Deno.test("a folder path without names, or with an empty or nameless part, is none", () => {
  const wrong = ["", "/", "/Inbox", "Inbox/", "a//b", "[]", '[""]', '["a", 1]', '["a"', '["a"]/b'];
  for (const text of wrong) assert.equal(folderPathOf(text), undefined, text);
});
