import assert from "node:assert/strict";
import { undiciCase } from "../../src/http/testing/undici_case.ts";
import { sampleEmail, sampleMailbox, sha256Of } from "../contract/sample_emails.ts";
import { azureSubject } from "./azure_subject.ts";
import { azuriteOfFile } from "./azurite.ts";

const azurite = await azuriteOfFile();
const { signal } = new AbortController();
const MAILBOX = sampleMailbox();
const MIB = 1024 * 1024;
const CHUNK_BYTES = 64 * 1024;
/** Half of the email: hardly any of it is held, but the runtime gives memory back when it likes. */
const GROWTH_BYTES_MAX = 100 * MIB;

/** Content made as it is read; tells how much memory the process has at each MiB. */
function hugeContent(sizeBytes: number, onChunk: (residentBytes: number) => void) {
  const open = () => {
    let sent = 0;
    return new ReadableStream<Uint8Array>({
      pull(controller) {
        if (sent % MIB === 0) onChunk(Deno.memoryUsage().rss);
        controller.enqueue(new Uint8Array(CHUNK_BYTES).fill((sent / CHUNK_BYTES) % 251));
        sent += CHUNK_BYTES;
        if (sent >= sizeBytes) controller.close();
      },
    }, { highWaterMark: 0 });
  };
  return { open };
}

undiciCase("an email of 200 MB goes through in little memory", async () => {
  await using subject = await azureSubject(azurite);
  await using _held = await subject.states.open(MAILBOX, { signal });
  const emails = await subject.sink.open(MAILBOX, { signal });
  const delivered = async (id: string, sizeBytes: number) => {
    let peakBytes = 0;
    const mime = hugeContent(sizeBytes, (bytes) => peakBytes = Math.max(peakBytes, bytes));
    const [outcome] = await emails.put([sampleEmail(id, { mime })], { signal });
    assert.deepEqual(outcome?.stored && outcome.sizeBytes, sizeBytes);
    return { mime, peakBytes };
  };
  const usual = await delivered("<usual@x>", 20 * MIB);
  const huge = await delivered("<huge@x>", 200 * MIB);
  const grownBytes = huge.peakBytes - usual.peakBytes;
  assert.ok(grownBytes < GROWTH_BYTES_MAX, `${Math.round(grownBytes / MIB)} MiB more`);
  const found = (await subject.stored(MAILBOX)).find(({ id }) => id === "<huge@x>");
  assert.equal(found?.mimeSha256, await sha256Of(huge.mime));
});
