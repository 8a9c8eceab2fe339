import assert from "node:assert/strict";
import { join } from "node:path";
import { SyncError } from "../core/errors.ts";
import { sampleEmail, sampleMailbox } from "../../tests/contract/sample_emails.ts";
import { dataFolderOf } from "./layout.ts";
import { startWriting } from "./testing/killable_process.ts";
import { filesBelow } from "../../tests/files_below.ts";
import { localSubject } from "./testing/local_subject.ts";

const { signal } = new AbortController();
const MAILBOX = sampleMailbox();

const isLocked = (thrown: unknown) =>
  thrown instanceof SyncError && thrown.code === "MailboxLocked";

/*
 * Goal: whatever a killed process leaves, no record vouches for other bytes than those beside it,
 * and the next holder finds the mailbox free and no litter. Method: kill a real process while it
 * replaces the same emails over and over, each time at another email.
 */
Deno.test("a killed process leaves whole emails, no lock and no litter", async () => {
  await using subject = await localSubject();
  const { prefix, states, sink, stored } = subject;
  const data = join(prefix, dataFolderOf(MAILBOX));
  for (const lastWord of ["5", "40", "77"]) {
    {
      await using writing = startWriting(prefix);
      await writing.says("held");
      await assert.rejects(states.open(MAILBOX, { signal }), isLocked);
      await writing.says(lastWord);
    }
    // Rejects if a record and its content disagree.
    await stored(MAILBOX);
    await using _lock = await states.open(MAILBOX, { signal });
    assert.deepEqual(await filesBelow(join(data, ".tmp")), []);
  }
  await using _lock = await states.open(MAILBOX, { signal });
  const opened = await sink.open(MAILBOX, { signal });
  const emails = Array.from({ length: 12 }, (_, i) => sampleEmail(`<${i}@x>`));
  await opened.put(emails, { signal });
  assert.equal((await stored(MAILBOX)).length, emails.length);
  assert.equal((await filesBelow(data)).length, 2 * emails.length);
});
