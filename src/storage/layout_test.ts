import assert from "node:assert/strict";
import fc from "fast-check";
import { sampleMailbox } from "../../tests/contract/sample_emails.ts";
import {
  configNameOf,
  dataFolderOf,
  dayFolderOf,
  emailObjectNamesOf,
  isStateFileName,
  lockNameOf,
  mailboxSegmentOf,
  probeNameOf,
  stateFileNameOf,
  stateNameOf,
} from "./layout.ts";

const KEY = "0123456789abcdef0123456789abcdef";
const MAILBOX = sampleMailbox("Ada+Test@Example.com");

/** Any text that can be written as UTF-8, with what a path could choke on made likely. */
const anyText = fc.oneof(
  fc.string({ unit: "binary" }).filter((text) => text.isWellFormed()),
  fc.string({ unit: fc.constantFrom("a", ".", "/", "\\", "%", "\0", "\n", "~", "Ä", "2", "E") }),
  fc.integer({ min: 150, max: 300 }).map((length) => "x".repeat(length)),
  fc.constantFrom("", ".", "..", "../..", "%2e", "%sha256-", "con", "ı", "K"),
);

Deno.test("layout gives the documented names", () => {
  const timestamp = new Date("2024-02-29T23:59:59.999Z");
  const folder = "data/acme/support/ada+test@example.com";
  assert.deepEqual(emailObjectNamesOf(MAILBOX, { key: KEY, timestamp }), {
    mime: `${folder}/2024/02/29/${KEY}.eml`,
    record: `${folder}/2024/02/29/${KEY}.json`,
  });
  assert.equal(dataFolderOf(MAILBOX), folder);
  assert.equal(lockNameOf(MAILBOX), "state/acme/support/ada+test@example.com/lock");
  // First 32 digits of the SHA-256 of "abc", the FIPS 180 example.
  const state = "folder-ba7816bf8f01cfea414140de5dae2223.json";
  assert.equal(stateNameOf(MAILBOX, "abc"), `state/acme/support/ada+test@example.com/${state}`);
  assert.equal(configNameOf("acme", "Ews_1.prod"), "config/acme/Ews_1.prod.json");
  assert.equal(probeNameOf(0), "state/.probe-0");
});

Deno.test("layout stores emails without a usable date under 0000/00/00", () => {
  const dayOf = (timestamp?: Date) => dayFolderOf(MAILBOX, timestamp).split("/").slice(4).join("/");
  assert.equal(dayOf(undefined), "0000/00/00");
  assert.equal(dayOf(new Date(Number.NaN)), "0000/00/00");
  assert.equal(dayOf(new Date("+010000-01-01T00:00:00Z")), "0000/00/00");
  assert.equal(dayOf(new Date("-000001-12-31T00:00:00Z")), "0000/00/00");
  assert.equal(dayOf(new Date("0001-02-03T00:00:00Z")), "0001/02/03");
  assert.equal(dayOf(new Date("9999-12-31T23:59:59Z")), "9999/12/31");
});

Deno.test("layout encodes a mailbox as documented", () => {
  assert.equal(mailboxSegmentOf("O'Brien/Ä@x"), "o%27brien%2F%C3%A4@x");
  assert.equal(mailboxSegmentOf("50%@x"), "50%25@x");
  assert.equal(mailboxSegmentOf("a".repeat(200)), "a".repeat(200));
  for (const hashed of ["", ".", "..", "a".repeat(201), "ä".repeat(34)]) {
    assert.match(mailboxSegmentOf(hashed), /^%sha256-[0-9a-f]{64}$/);
  }
});

Deno.test("layout gives different mailboxes different segments", () => {
  fc.assert(fc.property(anyText, anyText, (a, b) => {
    const same = mailboxSegmentOf(a) === mailboxSegmentOf(b);
    assert.equal(same, a.toLowerCase() === b.toLowerCase());
  }));
});

Deno.test("layout lets nothing that anybody chose become a path", () => {
  const segment = /^[A-Za-z0-9._@+%-]{1,255}$/;
  const dates = fc.option(fc.date({ noInvalidDate: false }), { nil: undefined });
  fc.assert(fc.property(anyText, anyText, anyText, dates, (owner, bucket, text, timestamp) => {
    const mailbox = { ...sampleMailbox(text), bucket: { owner, name: bucket } };
    const email = { key: KEY, ...(timestamp ? { timestamp } : {}) };
    const names: [string, number][] = [
      [emailObjectNamesOf(mailbox, email).mime, 8],
      [emailObjectNamesOf(mailbox, email).record, 8],
      [stateNameOf(mailbox, text), 5],
      [lockNameOf(mailbox), 5],
      [configNameOf(owner, text), 3],
    ];
    for (const [name, depth] of names) {
      const segments = name.split("/");
      assert.equal(segments.length, depth);
      assert.ok(segments.every((part) => segment.test(part) && part !== "." && part !== ".."));
      assert.ok(name.length <= 1024, "Azure takes names of up to 1024 characters");
    }
  }));
});

Deno.test("layout takes a key for nothing but 32 hex digits", () => {
  for (const key of ["", "../../../../etc/passwd", KEY.toUpperCase(), `${KEY}0`, `${KEY}\n`]) {
    assert.throws(() => emailObjectNamesOf(MAILBOX, { key }), /32 hex digits/);
  }
});

Deno.test("layout tells its own state files from foreign ones", () => {
  assert.ok(isStateFileName(stateFileNameOf("AAMk=")));
  for (const foreign of ["lock", "folder-1.json", `x${stateFileNameOf("a")}`, "notes.json"]) {
    assert.ok(!isStateFileName(foreign), foreign);
  }
  assert.ok(!isStateFileName(`${stateFileNameOf("a")}.tmp`));
});
