import { Buffer } from "node:buffer";
import type { Entropy } from "../../src/core/env.ts";
import { heldMime, type MimeSource } from "../../tests/exchange/mime_source.ts";

/** Half of all mail is smaller, bytes. */
const MEDIAN_BYTES = 28 * 1024;
/** Of the logarithms of sizes: with it the mean is 48 KiB, as mean / median = exp(sigma² / 2). */
const SIGMA = Math.sqrt(2 * Math.log(48 / 28));
/** A server that limits what is sent and received has no larger email, bytes. */
const LARGEST_BYTES = 25 * 1024 * 1024;
const SMALLEST_BYTES = 1024;
/** 76 digits of base64 and the end of the line: a multiple of three. */
const LINE_DIGITS = 76;
const LINE_BYTES = LINE_DIGITS + 2;
/** Twice as many are the text that bodies are cut out of, in pieces of so many at most. */
const UNIQUE_LINES = 16 * 1024;
/** A header, in which the number is twice, is a multiple of three bytes, too. */
const NUMBER_DIGITS = 10;

/**
 * Emails of sizes as they are met in business mailboxes: log-normal, from dice with a seed.
 * Bodies are cut out of one text, so that
 * 20,000 emails take no gigabyte of the server's memory.
 */
export class MailMix {
  readonly #entropy: Entropy;
  readonly #body: Uint8Array;
  readonly #base64: Uint8Array;
  #count = 0;

  constructor(entropy: Entropy) {
    this.#entropy = entropy;
    this.#body = bodyText(entropy);
    this.#base64 = base64Of(this.#body);
  }

  /** The next email; the same seed gives the same ones. */
  next(): MimeSource {
    return this.ofSize(Math.min(LARGEST_BYTES, Math.max(SMALLEST_BYTES, this.#size())));
  }

  /** The next email, of about a size in bytes. */
  ofSize(bytes: number): MimeSource {
    const header = headerOf(++this.#count);
    const bodies: Uint8Array[] = [];
    const base64 = [base64Of(header)];
    for (let left = Math.ceil((bytes - header.length) / LINE_BYTES); left > 0;) {
      const lines = Math.min(left, UNIQUE_LINES);
      const last = this.#body.length / LINE_BYTES - lines;
      const from = Math.floor(this.#entropy.next() * (last + 1)) * LINE_BYTES;
      const to = from + lines * LINE_BYTES;
      bodies.push(this.#body.subarray(from, to));
      // Header and lines are whole groups of three bytes, so each part is encoded by itself.
      base64.push(this.#base64.subarray(from / 3 * 4, to / 3 * 4));
      left -= lines;
    }
    return { ...heldMime(header, ...bodies), base64 };
  }

  #size(): number {
    // Box and Muller: a normal number from two even ones.
    const radius = Math.sqrt(-2 * Math.log(1 - this.#entropy.next()));
    const normal = radius * Math.cos(2 * Math.PI * this.#entropy.next());
    return Math.round(MEDIAN_BYTES * Math.exp(SIGMA * normal));
  }
}

function base64Of(bytes: Uint8Array): Uint8Array {
  return new TextEncoder().encode(bytes.toBase64());
}

/** Of the same length for all. */
function headerOf(count: number): Uint8Array {
  const number = String(count).padStart(NUMBER_DIGITS, "0");
  return new TextEncoder().encode(
    [
      `Message-ID: <mix-${number}@corp.example>`,
      "From: Anna Muster <anna@corp.example>",
      "To: Support <support@corp.example>",
      `Subject: Request ${number}`,
      "Date: Mon, 2 Mar 2026 09:00:00 +0000",
      "MIME-Version: 1.0",
      "Content-Type: text/plain; charset=utf-8",
      "Content-Transfer-Encoding: base64",
      "\r\n",
    ].join("\r\n"),
  );
}

/** Lines of base64, as most of large mail is. */
function bodyText(entropy: Entropy): Uint8Array {
  const words = new Uint32Array(2 * UNIQUE_LINES * LINE_DIGITS / 4 * 3 / 4);
  for (let at = 0; at < words.length; at++) words[at] = entropy.next() * 2 ** 32;
  const text = Buffer.from(words.buffer).toString("base64").replace(/.{76}/g, "$&\r\n");
  return new TextEncoder().encode(text);
}
