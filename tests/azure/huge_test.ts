import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { undiciCase } from "../../src/http/testing/undici_case.ts";
import { sampleMailbox, sha256Of } from "../contract/sample_emails.ts";
import { azureSubject } from "./azure_subject.ts";
import { azuriteOfFile } from "./azurite.ts";
import { hugeContent } from "./huge_email.ts";

const azurite = await azuriteOfFile();
const MIB = 1024 * 1024;
const USUAL_BYTES = 20 * MIB;
const HUGE_BYTES = 200 * MIB;
/** Half of the email: hardly any of it is held, but the runtime gives memory back when it likes. */
const GROWTH_BYTES_MAX = 100 * MIB;

undiciCase("an email of 200 MB goes through in little memory", async () => {
  await using subject = await azureSubject(azurite);
  // In a process of its own: other tests use this one's memory.
  const script = fileURLToPath(new URL("./huge_process.ts", import.meta.url));
  const sizes = [USUAL_BYTES, HUGE_BYTES].map(String);
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--allow-all", script, azurite.endpoint, subject.container, ...sizes],
    stdin: "null",
    stderr: "inherit",
  }).output();
  const [usual, huge] = new TextDecoder().decode(stdout).trim().split("\n").map(Number);
  assert.ok(usual && huge, "both were delivered");
  const grown = Math.round((huge - usual) / MIB);
  assert.ok(huge - usual < GROWTH_BYTES_MAX, `${grown} MiB more`);
  const found = (await subject.stored(sampleMailbox()))
    .find(({ id }) => id === `<${HUGE_BYTES}@x>`);
  assert.equal(found?.mimeSha256, await sha256Of(hugeContent(HUGE_BYTES)));
});
