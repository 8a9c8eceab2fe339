import type { RawEmail } from "../core/email.ts";
import { assert } from "../core/errors.ts";
import { type ContentFacts, MeasuredContent } from "../storage/measured_content.ts";
import { AsciiMime } from "./ascii_mime.ts";
import { emailWireOf } from "./email_wire.ts";
import { JsonPieces } from "./json_pieces.ts";
import { PLATFORM_LIMITS } from "./platform_limits.ts";
import { Utf8Check } from "./utf8_check.ts";

/** An email and how its content becomes text. */
export interface EmailAsText {
  readonly email: RawEmail;
  /**
   * `asItIs`: it must be UTF-8, and the body fails with `NotUtf8` if it is not. `ascii`: what no
   * transfer encoding protects gets one (`AsciiMime`).
   */
  readonly form: "asItIs" | "ascii";
}

/** The content of an email broke off, or is not UTF-8, while the body was made of it. */
export class EmailBroke extends Error {
  override readonly name = "EmailBroke";

  constructor(readonly index: number, readonly thrown: unknown) {
    super("The content of an email broke off", { cause: thrown });
  }
}

/**
 * The body of `PUT …/emails`, made as it goes out: of the content, no more is held than one piece.
 * Fails with `EmailBroke` in the middle if content does, so that what was sent is no whole JSON and
 * the server stores nothing of it. To be read once.
 */
export class EmailsBody implements AsyncIterable<Uint8Array> {
  readonly #emails: readonly EmailAsText[];
  readonly #signal: AbortSignal;
  readonly #facts: ContentFacts[] = [];
  #broke: EmailBroke | undefined;

  /** As soon as `signal` is aborted, sources are let go. */
  constructor(emails: readonly EmailAsText[], signal: AbortSignal) {
    this.#emails = emails;
    this.#signal = signal;
  }

  /** What passed, one for each email; only after the body was read to its end. */
  get facts(): readonly ContentFacts[] {
    assert(this.#facts.length === this.#emails.length, "a body is measured when it has passed");
    return this.#facts;
  }

  /** Why the body failed, if it did: who carries it may fail with something else for it. */
  get broke(): EmailBroke | undefined {
    return this.#broke;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void> {
    const json = new JsonPieces();
    yield* json.json('{"emails":[');
    for (const [index, { email, form }] of this.#emails.entries()) {
      const fields = JSON.stringify(emailWireOf(email));
      yield* json.json(`${index === 0 ? "" : ","}${fields.slice(0, -1)},"mime_content":"`);
      const content = new MeasuredContent(email.mime, this.#signal);
      try {
        for await (const bytes of textOf(content, form)) yield* json.escaped(bytes);
      } catch (thrown) {
        this.#signal.throwIfAborted();
        throw this.#broke = new EmailBroke(index, thrown);
      }
      this.#facts.push(content.facts);
      yield* json.json('"}');
    }
    yield* json.json("]}");
    yield* json.finish();
  }
}

/** Content as UTF-8; fails with `NotUtf8` if it is not. */
async function* textOf(
  content: AsyncIterable<Uint8Array>,
  form: EmailAsText["form"],
): AsyncGenerator<Uint8Array, void> {
  if (form === "ascii") return yield* asciiOf(content);
  const check = new Utf8Check();
  for await (const chunk of content) {
    check.check(chunk);
    yield chunk;
  }
  check.finish();
}

async function* asciiOf(content: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void> {
  const mime = new AsciiMime();
  for await (const chunk of content) {
    for (const piece of piecesOf(chunk)) yield* mime.push(piece);
  }
  yield* mime.finish();
}

function* piecesOf(chunk: Uint8Array): Generator<Uint8Array, void> {
  const { bodyPieceBytes } = PLATFORM_LIMITS;
  for (let from = 0; from < chunk.length; from += bodyPieceBytes) {
    yield chunk.subarray(from, from + bodyPieceBytes);
  }
}
