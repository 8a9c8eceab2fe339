/** Delivers a large email and then a huge one, and prints how much memory each took at most, bytes. */
import { sampleEmail, sampleMailbox } from "../contract/sample_emails.ts";
import { azureSubject } from "./azure_subject.ts";
import { hugeContent } from "./huge_email.ts";

const [endpoint = "", container = "", ...sizes] = Deno.args;
const emulator = { endpoint, [Symbol.asyncDispose]: () => Promise.resolve() };
const { signal } = new AbortController();
await using subject = await azureSubject(emulator, { container });
const mailbox = sampleMailbox();
await using _held = await subject.states.open(mailbox, { signal });
const emails = await subject.sink.open(mailbox, { signal });
for (const size of sizes) {
  let peakBytes = 0;
  const mime = hugeContent(Number(size), () => {
    peakBytes = Math.max(peakBytes, Deno.memoryUsage().rss);
  });
  const [outcome] = await emails.put([sampleEmail(`<${size}@x>`, { mime })], { signal });
  if (!outcome?.stored) throw new Error(`An email of ${size} bytes is not stored`);
  console.log(peakBytes);
}
