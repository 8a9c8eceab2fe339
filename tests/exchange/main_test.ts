import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { extremeEmails } from "./extreme_emails.ts";

const MAIN = fileURLToPath(new URL("./main.ts", import.meta.url));

function started(...flags: readonly string[]): Deno.ChildProcess {
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", MAIN, ...flags],
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}

Deno.test("as a process it says where it is when it is ready, and sums up when it ends", async () => {
  const dir = await Deno.makeTempDir();
  const flags = [
    "--mailboxes",
    "2",
    "--emails",
    "30",
    "--deliver-every-ms",
    "1",
    "--extremes",
    "--dir",
    dir,
  ];
  await using process = started(...flags);
  const lines = process.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const ready = JSON.parse((await lines.read()).value!);
  assert.equal(ready.event, "ready");
  assert.match(ready.endpoint, /^https:\/\/127\.0\.0\.1:\d+\/EWS\/Exchange\.asmx$/);
  assert.equal(ready.mailboxes.length, 2);
  assert(ready.emails > 30 + 2 * extremeEmails().length);
  assert.match(await Deno.readTextFile(ready.caFile), /BEGIN CERTIFICATE/);
  const listening = await Deno.connect({
    hostname: "127.0.0.1",
    port: Number(new URL(ready.endpoint).port),
  });
  listening.close();
  process.kill("SIGTERM");
  const ended = JSON.parse((await lines.read()).value!);
  assert.equal(ended.event, "ended");
  assert.equal(ended.requests, 0);
  assert.equal((await process.status).code, 0);
  await lines.cancel();
  await process.stderr.cancel();
  await Deno.remove(dir, { recursive: true });
});

Deno.test("flags it does not understand end it at once, with what it does understand", async () => {
  for (const flags of [["--mailboxes", "none"], ["--unheard"], ["--tls", "--plain"]]) {
    const process = started(...flags);
    const { code, stderr } = await process.output();
    assert.equal(code, 2);
    assert.match(new TextDecoder().decode(stderr), /--deliver-every-ms/);
  }
});
