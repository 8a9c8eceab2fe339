import assert from "node:assert/strict";
import { asMailServerHolds, corpusEmails } from "./corpus.ts";
import { freshEmail, spreadCorpus } from "./corpus_delivery.ts";
import { expectedEmails } from "./expected_emails.ts";
import { MailboxStore } from "./mailbox_store.ts";
import { headerOf } from "./mime_header.ts";
import { bytesOf } from "./mime_source.ts";
import { seededEntropy } from "./seeded_entropy.ts";

const ADDRESSES = ["a@corp.example", "b@corp.example", "c@corp.example"];

function spread(count?: number) {
  const clock = { now: () => new Date(Date.UTC(2024, 0, 1)) };
  const store = new MailboxStore({ clock, entropy: seededEntropy(4) });
  const mailboxes = ADDRESSES.map((address) => store.addMailbox(address));
  return { store, mailboxes, items: spreadCorpus(mailboxes, count) };
}

Deno.test("the corpus has 6,046 emails, each with a header, and lines that end in CRLF", () => {
  const emails = corpusEmails();
  assert.equal(emails.length, 6046);
  assert.equal(emails.filter(({ bytes }) => headerOf(bytes).has("from")).length > 6000, true);
  const { bytes } = emails[0]!;
  const text = new TextDecoder("latin1").decode(bytes);
  assert.doesNotMatch(text, /^From |[^\r]\n/);
});

Deno.test("mbox separators go, bare line feeds become CRLF, other bytes stay", () => {
  const raw = (text: string) => Uint8Array.from(text, (character) => character.charCodeAt(0));
  const cases = [
    ["From a Thu\nA: b\n\n\xe9\n", "A: b\r\n\r\n\xe9\r\n"],
    ["A: b\r\n\r\nFrom x\r\ny", "A: b\r\n\r\nFrom x\r\ny"],
    ["\n\n", "\r\n\r\n"],
    ["", ""],
  ] as const;
  for (const [from, to] of cases) assert.deepEqual(asMailServerHolds(raw(from)), raw(to));
});

Deno.test("spreading gives every email to one mailbox, all of them to be synced", () => {
  const { store, mailboxes, items } = spread();
  assert.equal(items.length, 6046);
  const expected = expectedEmails(store);
  assert.equal(expected.length, 6046);
  for (const { address } of mailboxes) {
    const share = expected.filter((email) => email.mailbox === address).length;
    assert(share > 1500 && share < 2500, `${address} has ${share}`);
  }
  const paths = new Set(expected.map((email) => email.folder.join("/")));
  assert(paths.has("Projects/2002/Q3/Offers / Angebote"));
});

Deno.test("received times ascend in every folder, between seconds, with runs of equal ones", () => {
  const { mailboxes } = spread();
  for (const mailbox of mailboxes) {
    const inbox = mailbox.itemsOf(mailbox.distinguishedFolder("inbox").id);
    const times = inbox.map((item) => item.receivedAt!.getTime());
    assert.deepEqual(times, times.toSorted((a, b) => a - b));
    assert(times.some((time) => time % 1000 !== 0));
    const longest = Math.max(...Object.values(Object.groupBy(times, String)).map((t) => t!.length));
    assert(longest >= 10, `the longest run has ${longest}`);
  }
});

Deno.test("the same seed spreads the same, and more than the corpus has begins again", () => {
  const [one, other] = [spread(50), spread(50)];
  assert.deepEqual(one.items.map((item) => item.id), other.items.map((item) => item.id));
  const { items } = spread(6050);
  assert.equal(items.length, 6050);
});

Deno.test("a fresh email has its own id and date, and the rest of the old one", () => {
  const email = corpusEmails()[10]!;
  const entropy = seededEntropy(1);
  const now = new Date(Date.UTC(2024, 5, 7, 8, 9, 10));
  const [fresh, next] = [freshEmail(email, now, entropy), freshEmail(email, now, entropy)];
  const [header, old] = [headerOf(bytesOf(fresh)), headerOf(email.bytes)];
  assert.equal(header.get("date"), "Fri, 07 Jun 2024 08:09:10 +0000");
  assert.notEqual(header.get("message-id"), old.get("message-id"));
  assert.notEqual(header.get("message-id"), headerOf(bytesOf(next)).get("message-id"));
  assert.equal(header.get("subject"), old.get("subject"));
  const text = new TextDecoder("latin1").decode(bytesOf(fresh));
  assert.equal(text.match(/^message-id:/gim)?.length, 1);
  const body = email.bytes.subarray(email.bytes.length - 100);
  assert.deepEqual(bytesOf(fresh).subarray(-100), body);
});
