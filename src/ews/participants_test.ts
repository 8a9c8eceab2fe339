import assert from "node:assert/strict";
import { participantsOf } from "./participants.ts";
import { parseXml } from "./xml.ts";

const read = (content: string) =>
  participantsOf(parseXml(new TextEncoder().encode(`<t:Message>${content}</t:Message>`)));

const mailbox = (address?: string, more = "") =>
  `<t:Mailbox>${address === undefined ? "" : `<t:EmailAddress>${address}</t:EmailAddress>`}` +
  `${more}</t:Mailbox>`;

Deno.test("everybody who sent or got an email is a participant, once, in lower case", () => {
  const participants = read(
    `<t:From>${mailbox("From@Example.com")}</t:From>` +
      `<t:Sender>${
        mailbox("sender@example.com", "<t:RoutingType>smtp</t:RoutingType>")
      }</t:Sender>` +
      `<t:ToRecipients>${mailbox("to1@example.com")}${mailbox(" TO2@example.com\n")}` +
      `${mailbox("from@example.com")}</t:ToRecipients>` +
      `<t:CcRecipients>${mailbox("cc@example.com")}</t:CcRecipients>` +
      `<t:BccRecipients>${mailbox("bcc@example.com")}</t:BccRecipients>` +
      `<t:ReplyTo>${mailbox("reply@example.com")}</t:ReplyTo>` +
      `<t:ReceivedBy>${mailbox("received@example.com")}</t:ReceivedBy>`,
  );
  assert.deepEqual(participants, {
    addresses: [
      "from@example.com",
      "sender@example.com",
      "to1@example.com",
      "to2@example.com",
      "cc@example.com",
      "bcc@example.com",
      "reply@example.com",
    ],
    unresolved: false,
  });
});

Deno.test("whoever has no address that can be compared is unresolved, the others count", () => {
  const unresolved = [
    mailbox("/O=CORP/CN=ALICE", "<t:RoutingType>EX</t:RoutingType>"),
    // An Exchange address may hold an @, too.
    mailbox("/o=corp/cn=a@b", "<t:RoutingType>EX</t:RoutingType>"),
    mailbox("+4930123@fax.example", "<t:RoutingType>FAX</t:RoutingType>"),
    mailbox("Friends@example.com", "<t:MailboxType>PrivateDL</t:MailboxType>"),
    mailbox(undefined, "<t:Name>Alice</t:Name>"),
    mailbox(""),
    mailbox("no address"),
  ];
  for (const one of unresolved) {
    const to = `<t:ToRecipients>${one}${mailbox("b@example.com")}</t:ToRecipients>`;
    assert.deepEqual(read(to), { addresses: ["b@example.com"], unresolved: true }, one);
  }
  const resolved = mailbox("a@example.com", "<t:MailboxType>PublicDL</t:MailboxType>");
  assert.deepEqual(read(`<t:From>${resolved}</t:From>`), {
    addresses: ["a@example.com"],
    unresolved: false,
  });
});

Deno.test("an email of nobody has no participants, and none is unresolved", () => {
  for (const content of ["", "<t:ToRecipients/>", "<t:Subject>a@example.com</t:Subject>"]) {
    assert.deepEqual(read(content), { addresses: [], unresolved: false });
  }
});
