import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { dataFolderOf } from "../../storage/layout.ts";
import { localSubject, storedEmails } from "../../storage/testing/local_subject.ts";
import { filesBelow } from "../../../tests/files_below.ts";
import { sampleEmail, sampleMailbox } from "../../../tests/contract/sample_emails.ts";

const { signal } = new AbortController();
const MAILBOX = sampleMailbox();
const EMAILS = 120;

/** Lets the process push until it has said "put" so often, then kills it; else to its end. */
async function pushUntil(from: string, to: string, puts: number): Promise<readonly string[]> {
  const script = fileURLToPath(new URL("./testing/pushing_process.ts", import.meta.url));
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--no-check", "--allow-all", script, from, to],
    stdin: "null",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  let said = "";
  const words = () => said.split("\n").slice(0, -1);
  let isRunning = true;
  const ended = child.status.then(() => isRunning = false);
  for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
    said += text;
    const isEnough = words().filter((word) => word === "put").length >= puts;
    // It may be at its end before it is read to there.
    if (isEnough && isRunning) child.kill("SIGKILL");
  }
  await ended;
  return words();
}

/*
 * Goal: a push that is killed at any moment and begun again delivers everything, as it was, and does
 * not begin at the beginning. Method: kill a real process after some batches, and compare what two
 * folders hold.
 */
Deno.test("a push that is killed goes on where it was, and in the end everything is there", async () => {
  await using subject = await localSubject();
  const from = subject.prefix;
  const to = join(from, "to");
  const emails = Array.from(
    { length: EMAILS },
    (_, number) =>
      sampleEmail(`<${number}@x>`, { timestamp: new Date(Date.UTC(2024, number % 7, 1)) }),
  );
  await (await subject.sink.open(MAILBOX, { signal })).put(emails, { signal });
  let puts = 0;
  for (const kill of [4, 9]) {
    const words = await pushUntil(from, to, kill);
    puts += words.filter((word) => word === "put").length;
  }
  const words = await pushUntil(from, to, Infinity);
  puts += words.filter((word) => word === "put").length;
  assert.equal(words.at(-1), `done ${EMAILS}`, "each is counted once");
  // What was in flight is repeated, and what was said after the signal; all else is not.
  assert.ok(puts <= EMAILS / 5 + 2 * (3 + 3), `${puts} batches`);
  const byId = (a: { readonly id: string }, b: { readonly id: string }) => a.id < b.id ? -1 : 1;
  const stored = (await storedEmails(from, MAILBOX)).toSorted(byId);
  assert.deepEqual((await storedEmails(to, MAILBOX)).toSorted(byId), stored);
  assert.equal((await filesBelow(join(to, dataFolderOf(MAILBOX)))).length, 2 * EMAILS);
});
