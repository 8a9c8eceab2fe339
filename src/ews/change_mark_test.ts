import assert from "node:assert/strict";
import { CANDOURS } from "../../tests/exchange/folder_figures.ts";
import { numberedEmail } from "../../tests/exchange/ews/example_service.ts";
import { LIMITS } from "../core/limits.ts";
import { NO_ABORT } from "../source/testing/test_env.ts";
import { changeMarkOf } from "./change_mark.ts";
import { ALICE, simulatedSource } from "./testing/simulated_source.ts";

const NOW = new Date("2026-01-01T12:00:00Z");
const ago = (ms: number) => new Date(NOW.getTime() - ms);
const SETTLED = ago(LIMITS.folderChangeSettledMs);

Deno.test("the mark moves with the time of the last change and with the number of items", () => {
  const marks = [
    changeMarkOf({ changedAt: SETTLED, itemCount: 3 }, NOW),
    changeMarkOf({ changedAt: SETTLED, itemCount: 4 }, NOW),
    changeMarkOf({ changedAt: SETTLED }, NOW),
    changeMarkOf({ changedAt: ago(LIMITS.folderChangeSettledMs + 1_000), itemCount: 3 }, NOW),
  ];
  assert.ok(marks.every((mark) => mark !== undefined));
  assert.equal(new Set(marks).size, marks.length);
  assert.equal(changeMarkOf({ changedAt: SETTLED, itemCount: 3 }, ago(-1)), marks[0]);
});

Deno.test("there is no mark without a time, soon after the change, and for one that is to come", () => {
  assert.equal(changeMarkOf({ itemCount: 3 }, NOW), undefined);
  for (const ms of [LIMITS.folderChangeSettledMs - 1, 0, -3_600_000]) {
    assert.equal(changeMarkOf({ changedAt: ago(ms), itemCount: 3 }, NOW), undefined);
  }
});

/** The inbox' mark as a source lists it a while after each of these. */
async function marksAfter(candour: typeof CANDOURS[number], changes: readonly Change[]) {
  const { mailbox, source, clock, run } = simulatedSource();
  mailbox.sayOfFolders(candour);
  const inbox = mailbox.distinguishedFolder("inbox").id;
  const item = mailbox.deliver(inbox, numberedEmail(0)).id;
  const marks: (string | undefined)[] = [];
  for (const change of [() => {}, ...changes]) {
    change(mailbox, inbox, item);
    await run(clock.sleep(2 * LIMITS.folderChangeSettledMs, NO_ABORT));
    const { folders } = await run(source.folders(ALICE, NO_ABORT));
    marks.push(folders.find(({ id }) => id === inbox)!.changeMark);
  }
  return marks;
}

type Mailbox = ReturnType<typeof simulatedSource>["mailbox"];
type Change = (mailbox: Mailbox, inbox: string, item: string) => void;

const CHANGES: readonly Change[] = [
  (mailbox, inbox) => void mailbox.deliver(inbox, numberedEmail(1)),
  (mailbox, _inbox, item) => mailbox.setRead(item, true),
  (mailbox, _inbox, item) => mailbox.update(item, { subject: "Other" }),
  (mailbox, inbox, item) => void mailbox.copy(item, inbox),
  (mailbox, _inbox, item) => mailbox.delete(item),
];

Deno.test("over EWS a folder's mark moves with every change in it, and with none elsewhere", async () => {
  const marks = await marksAfter("honest", CHANGES);
  assert.ok(marks.every((mark) => mark !== undefined));
  assert.equal(new Set(marks).size, marks.length, `${marks}`);
  const elsewhere = await marksAfter("honest", [
    (mailbox) =>
      void mailbox.deliver(mailbox.distinguishedFolder("sentitems").id, numberedEmail(1)),
  ]);
  assert.equal(elsewhere[0], elsewhere[1]);
});

Deno.test("over EWS there is no mark of a folder that says no time, or what is none", async () => {
  for (const candour of ["silent", "garbage"] as const) {
    assert.deepEqual(await marksAfter(candour, []), [undefined]);
  }
});
