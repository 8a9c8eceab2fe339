/** Holds a mailbox and saves its state without end: what a test kills. */
import { sampleMailbox } from "../contract/sample_emails.ts";
import { SAMPLE_STATES } from "../contract/state_store_contract.ts";
import { azureSubject } from "./azure_subject.ts";

const [endpoint = "", container = "", address] = Deno.args;
const emulator = { endpoint, [Symbol.asyncDispose]: () => Promise.resolve() };
const { signal } = new AbortController();
const subject = await azureSubject(emulator, { container });
const held = await subject.states.open(sampleMailbox(address), { signal });
for (;;) {
  await held.save(SAMPLE_STATES[0]!, { signal });
  console.log("saved");
}
