import type { RawEmail } from "../../core/email.ts";
import type { CallOptions } from "../../core/env.ts";
import { assert, SyncError } from "../../core/errors.ts";
import { mimeChunks } from "../../core/mime_content.ts";
import { EmailBroke, EmailsBody } from "../../platform/emails_body.ts";
import { NotUtf8, Utf8Check } from "../../platform/utf8_check.ts";

/** What stands around the emails in the body of `PUT …/emails`. */
const BEFORE = new TextEncoder().encode('{"emails":[');
const AFTER = new TextEncoder().encode("]}");
const LINE_END = new TextEncoder().encode("\n");

/** How the content of an email becomes text: see `EmailAsText.form`. */
export type TextForm = "asItIs" | "ascii";

/**
 * Reads all of an email's content once: whether it can stand in a line as it is. Rejects with the
 * `SyncError` of its source if it breaks off, so that no line is begun that cannot be ended.
 */
export async function textFormOf({ mime }: RawEmail, { signal }: CallOptions): Promise<TextForm> {
  const check = new Utf8Check();
  let isUtf8 = true;
  for await (const chunk of mimeChunks(mime, signal)) {
    isUtf8 = isUtf8 && passes(() => check.check(chunk));
  }
  return isUtf8 && passes(() => check.finish()) ? "asItIs" : "ascii";
}

function passes(check: () => void): boolean {
  try {
    check();
    return true;
  } catch (thrown) {
    if (thrown instanceof NotUtf8) return false;
    throw thrown;
  }
}

/**
 * An email as one line that the platform's own command line takes (facts: `EmailNew`), in pieces:
 * the same text that goes to the platform directly. Fails with the `SyncError` of its source.
 */
export async function* emailLine(
  email: RawEmail,
  form: TextForm,
  { signal }: CallOptions,
): AsyncGenerator<Uint8Array, void> {
  try {
    yield* unwrapped(new EmailsBody([{ email, form }], signal));
  } catch (thrown) {
    throw thrown instanceof EmailBroke && thrown.thrown instanceof SyncError
      ? thrown.thrown
      : thrown;
  }
  yield LINE_END;
}

/** The body without what stands around its one email. */
async function* unwrapped(
  body: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array, void> {
  let head = BEFORE.length;
  // The end is known only when nothing follows it.
  let held: Uint8Array = new Uint8Array();
  for await (const piece of body) {
    const skipped = Math.min(head, piece.length);
    assert(startsWith(BEFORE.subarray(BEFORE.length - head), piece, skipped), "a body of emails");
    head -= skipped;
    const joined = concatenated(held, piece.subarray(skipped));
    const ready = Math.max(0, joined.length - AFTER.length);
    if (ready > 0) yield joined.subarray(0, ready);
    held = joined.slice(ready);
  }
  assert(startsWith(AFTER, held, AFTER.length), "a whole body of emails");
}

function startsWith(expected: Uint8Array, bytes: Uint8Array, length: number): boolean {
  for (let at = 0; at < length; at++) if (bytes[at] !== expected[at]) return false;
  return true;
}

function concatenated(a: Uint8Array, b: Uint8Array): Uint8Array {
  if (a.length === 0) return b;
  const whole = new Uint8Array(a.length + b.length);
  whole.set(a);
  whole.set(b, a.length);
  return whole;
}
