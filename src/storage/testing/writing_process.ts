/*
 * A process to be killed: takes the mailbox of the contract suites below the folder given as its
 * argument, says "held", and then delivers the same keys with ever different content, saying the
 * number of the email whenever the sink begins to read one.
 */
import { LIMITS } from "../../core/limits.ts";
import { Semaphore } from "../../core/semaphore.ts";
import { sampleEmail, sampleMailbox } from "../../../tests/contract/sample_emails.ts";
import { quietEnv } from "../../../tests/contract/quiet_env.ts";
import { createLocalDestination } from "../local_destination.ts";

const EMAILS_PER_BATCH = 12;
const { signal } = new AbortController();
const prefix = Deno.args[0]!;
const { sink, states } = createLocalDestination({
  prefix,
  uploads: new Semaphore(4),
  env: quietEnv().env,
  programVersion: "1.2.3",
});

const say = (word: string) => Deno.stdout.write(new TextEncoder().encode(`${word}\n`));

function contentOf(number: number) {
  const chunk = new Uint8Array(1000 + (number * 7919) % LIMITS.emailOverheadBytes).fill(
    number % 256,
  );
  return {
    async *[Symbol.asyncIterator]() {
      await say(String(number));
      for (let i = 0; i < 1 + number % 5; i++) yield chunk;
    },
  };
}

await using _lock = await states.open(sampleMailbox(), { signal });
const opened = await sink.open(sampleMailbox(), { signal });
await say("held");
for (let number = 0;;) {
  const batch = Array.from({ length: EMAILS_PER_BATCH }, (_, i) => {
    const content = contentOf(number++);
    return sampleEmail(`<${i}@x>`, { mime: { open: () => ReadableStream.from(content) } });
  });
  await opened.put(batch, { signal });
}
