import assert from "node:assert/strict";
import { numberedEmail } from "../../tests/exchange/ews/example_service.ts";
import { mimeOf } from "../../tests/exchange/mime_source.ts";
import type { Mailbox } from "../core/mailbox.ts";
import { NO_ABORT } from "../source/testing/test_env.ts";
import { describeItems } from "./describe_items.ts";
import { ALICE, simulatedSource } from "./testing/simulated_source.ts";

const WITH_LISTS: Mailbox = {
  ...ALICE,
  participants: { deny: { addresses: [], domains: ["example.org"] } },
};

/** One item of each kind: what asks for the properties of one is refused by another. */
function oneOfEach() {
  const parts = simulatedSource();
  const { mailbox, client, requests, run } = parts;
  const inbox = mailbox.distinguishedFolder("inbox").id;
  const put = (itemClass: string, mime = numberedEmail(1)) =>
    mailbox.deliver(inbox, mime, { itemClass }).id;
  const ids = {
    note: put("IPM.Note"),
    meeting: put("IPM.Schedule.Meeting.Request"),
    post: put("IPM.Post", mimeOf("From: author@example.com\nSubject: Post\n\nHello\n")),
    contact: mailbox.deliver(inbox, undefined, { itemClass: "IPM.Contact" }).id,
  };
  return {
    ids,
    describe: (asked: Mailbox, itemIds: readonly string[] = Object.values(ids)) =>
      run(describeItems(client, asked, itemIds, NO_ABORT)),
    /** Which of the items each request asked for, and for which properties of theirs. */
    asked: () =>
      requests.map((text) => ({
        items: Object.entries(ids).filter(([, id]) => text.includes(`Id="${id}"`)).map(([n]) => n),
        messages: text.includes("message:InternetMessageId"),
        authors: text.includes("message:From"),
        recipients: text.includes("message:ToRecipients"),
      })),
  };
}

Deno.test("without lists of participants nobody's participants are asked for, posts come with mail", async () => {
  const { describe, asked } = oneOfEach();
  const answers = await describe(ALICE);
  const items = answers.map((answer) => "value" in answer ? answer.value : undefined);
  assert.deepEqual(items.map((item) => item?.isMail), [true, true, true, false]);
  assert.ok(items.every((item) => item && item.participants === undefined));
  assert.deepEqual(asked(), [
    {
      items: ["note", "meeting", "post", "contact"],
      messages: true,
      authors: false,
      recipients: false,
    },
    { items: ["contact"], messages: false, authors: false, recipients: false },
  ]);
});

Deno.test("with lists a post is asked for its authors, having no recipients, and others for nothing", async () => {
  const { describe, asked } = oneOfEach();
  const answers = await describe(WITH_LISTS);
  const [note, meeting, post, contact] = answers.map((answer) => {
    assert.ok("value" in answer);
    return answer.value;
  });
  assert.deepEqual(note?.participants, {
    addresses: ["a@example.com", "b@example.com"],
    unresolved: false,
  });
  assert.deepEqual(meeting?.participants, note?.participants);
  assert.deepEqual(post?.participants, { addresses: ["author@example.com"], unresolved: false });
  assert.ok(post?.isMail);
  assert.deepEqual([contact?.isMail, contact?.participants], [false, undefined]);
  const [first, second, third, ...more] = asked();
  assert.deepEqual(first?.items, ["note", "meeting", "post", "contact"]);
  assert.ok(first?.recipients);
  assert.deepEqual(second, {
    items: ["post", "contact"],
    messages: true,
    authors: true,
    recipients: false,
  });
  assert.deepEqual([third?.items, third?.authors, more], [["contact"], false, []]);
});

Deno.test("answers come in the order asked for, one that is gone among them", async () => {
  const { describe, ids } = oneOfEach();
  const gone = ids.note.replace(/.{8}$/, "AAAAAAA=");
  const order = [ids.contact, gone, ids.post, ids.note];
  const answers = await describe(WITH_LISTS, order);
  assert.deepEqual(answers.map(({ itemId }) => itemId), order);
  assert.deepEqual(answers.map((answer) => "error" in answer), [false, true, false, false]);
});

Deno.test("mail of a class without participants counts as mail of unknown ones", async () => {
  const { mailbox, client, run } = simulatedSource();
  const inbox = mailbox.distinguishedFolder("inbox").id;
  // Its class says mail, its element does not have the properties.
  const recall = mailbox.deliver(inbox, numberedEmail(2), { itemClass: "IPM.Outlook.Recall" }).id;
  const described = (asked: Mailbox) => run(describeItems(client, asked, [recall], NO_ABORT));
  const [answer] = await described(WITH_LISTS);
  assert.ok(answer && "value" in answer && answer.value.isMail);
  assert.deepEqual(answer.value.participants, { addresses: [], unresolved: true });
  const [without] = await described(ALICE);
  assert.ok(without && "value" in without && without.value.participants === undefined);
});
