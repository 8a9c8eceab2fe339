import assert from "node:assert/strict";
import type { Clock } from "../core/env.ts";
import { SyncError } from "../core/errors.ts";
import type { Mailbox } from "../core/mailbox.ts";
import { NO_COUNTS } from "../core/observer.ts";
import { TerminalProgress } from "./terminal_progress.ts";

function mailbox(address: string): Mailbox {
  return { address, bucket: { owner: "o", name: "n" }, startFrom: "bucket" };
}

/** A progress on a terminal that keeps only what a person would still see. */
function onScreen(columns = 100) {
  const screen: string[] = [""];
  let nowMs = 0;
  const clock: Clock = {
    now: () => new Date(nowMs),
    monotonicMs: () => nowMs,
    sleep: () => Promise.resolve(),
  };
  const write = (text: string) => {
    // deno-lint-ignore no-control-regex -- the terminal's own commands
    for (const [part] of text.matchAll(/\x1b\[1A|\x1b\[2K|\n|[^\x1b\n]+/g)) {
      if (part === "\n") screen.push("");
      else if (part === "\x1b[1A") screen.pop();
      else if (part === "\x1b[2K") screen[screen.length - 1] = "";
      else screen[screen.length - 1] += part;
    }
  };
  const progress = new TerminalProgress({ write, columns: () => columns }, clock);
  return { progress, screen: () => screen.filter(Boolean), pass: (ms: number) => nowMs += ms };
}

const inbox = { id: "1", path: ["Inbox", "2024"], itemCount: 1_500 };

Deno.test("progress shows folder, emails, rate and remaining of each mailbox", () => {
  const { progress, screen, pass } = onScreen();
  const a = mailbox("a@x");
  progress.phaseChanged(a, { name: "syncing" });
  progress.roundStarted(a, [inbox]);
  progress.settled(a, inbox, { ...NO_COUNTS, delivered: 400 });
  pass(2_000);
  progress.settled(a, inbox, { ...NO_COUNTS, delivered: 600 });
  const [line] = screen();
  assert.match(line!, /a@x .*1,000 emails +500\/s +500 remaining +Inbox\/2024/);
  progress.passEnded(a, inbox, false);
  pass(1_000);
  progress.phaseChanged(a, { name: "idle" });
  assert.match(screen()[0]!, /1,000 emails +up to date/);
});

Deno.test("log lines stay above the progress, and nothing is left of it in the end", () => {
  const { progress, screen, pass } = onScreen();
  progress.phaseChanged(mailbox("a@x"), { name: "syncing" });
  progress.print("first\n");
  pass(1_000);
  progress.phaseChanged(mailbox("b@x"), { name: "starting" });
  progress.print("second\n");
  assert.deepEqual(screen().map((line) => line.trim().split(" ")[0]), [
    "first",
    "second",
    "a@x",
    "b@x",
  ]);
  progress.clear();
  assert.deepEqual(screen(), ["first", "second"]);
});

Deno.test("progress draws at most five times a second and never wider than the terminal", () => {
  const { progress, screen, pass } = onScreen(40);
  const a = mailbox("a@x");
  progress.phaseChanged(a, { name: "syncing" });
  const before = screen();
  pass(100);
  progress.settled(a, inbox, { ...NO_COUNTS, delivered: 1 });
  assert.deepEqual(screen(), before, "too early to draw again");
  pass(100);
  progress.settled(a, { ...inbox, path: ["x".repeat(200)] }, { ...NO_COUNTS, delivered: 1 });
  assert.equal(screen()[0]!.length, 39);
});

Deno.test("progress says why a mailbox waits, and a hostile text cannot steer the terminal", () => {
  const { progress, screen } = onScreen();
  const error = new SyncError("mailbox", "ErrorAccessDenied", "No \x1b[2J access");
  progress.phaseChanged(mailbox("a@x"), { name: "suspended", error, delayMs: 1 });
  assert.match(screen()[0]!, /suspended: No �\[2J access/);
});

Deno.test("of many mailboxes those at work are shown", () => {
  const { progress, screen, pass } = onScreen();
  for (let index = 0; index < 20; index++) {
    progress.phaseChanged(mailbox(`m${index}@x`), { name: index === 17 ? "syncing" : "idle" });
  }
  pass(1_000);
  progress.phaseChanged(mailbox("m0@x"), { name: "idle" });
  assert.equal(screen().length, 2);
  assert.match(screen()[0]!, /m17@x/);
  assert.match(screen()[1]!, /19 mailboxes more/);
});
