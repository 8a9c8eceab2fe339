import assert from "node:assert/strict";
import { expectedEmails } from "./expected_emails.ts";
import { MailboxStore } from "./mailbox_store.ts";
import { mimeOf } from "./mime_source.ts";
import { seededEntropy } from "./seeded_entropy.ts";

const MIME = mimeOf("Subject: x\n\nx\n");

Deno.test("what has to be synced: mail in mail folders, told by role and class", () => {
  const clock = { now: () => new Date(0) };
  const store = new MailboxStore({ clock, entropy: seededEntropy(1) });
  const mailbox = store.addMailbox("anna@corp.example", "ja");
  const inRole = (role: Parameters<typeof mailbox.distinguishedFolder>[0], stated = {}) =>
    mailbox.deliver(mailbox.distinguishedFolder(role).id, MIME, stated).id;
  const expected = [
    inRole("inbox"),
    inRole("deleteditems"),
    inRole("sentitems", { itemClass: "REPORT.IPM.Note.NDR" }),
    mailbox.deliver(mailbox.createFolder(["a", "b"], { folderClass: undefined }).id, MIME).id,
    mailbox.deliver(mailbox.createFolder(["Drafts"]).id, MIME).id, // by name only
  ];
  inRole("drafts");
  inRole("outbox");
  inRole("conflicts");
  inRole("calendar");
  inRole("inbox", { isDraft: true });
  inRole("inbox", { itemClass: "IPM.Contact" });
  inRole("inbox", { itemClass: "IPM.Notebook" });
  mailbox.deliver(mailbox.createFolder(["hidden"], { hidden: true }).id, MIME);
  mailbox.deliver(mailbox.createFolder(["x"], { folderClass: "IPF.Notebook" }).id, MIME);
  const found = expectedEmails(store).map((email) => email.item.id);
  assert.deepEqual(found.sort(), expected.sort());
});
