import type { CallOptions, Clock } from "../../core/env.ts";
import { SyncError } from "../../core/errors.ts";
import { Connection } from "../../http/connection.ts";
import { addressOf } from "../../http/network_error.ts";

export interface MetadataRequest extends CallOptions {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly clock: Clock;
  /** Until the connection is there, ms. */
  readonly connectMsMax: number;
}

export interface MetadataAnswer {
  readonly status: number;
  /** Parsed JSON; absent where it is none. */
  readonly body: unknown;
}

/** The service may have to ask others first. */
const ANSWER_MS_MAX = 30_000;
const ANSWER_BYTES_MAX = 256 * 1024;

/**
 * Asks a token service of this machine, which is never behind a proxy. Resolves for any status;
 * rejects with a `SyncError` if there is no answer, or with the signal's reason.
 */
export async function askMetadata(request: MetadataRequest): Promise<MetadataAnswer> {
  const { url, headers, clock, signal, connectMsMax } = request;
  const connection = await Connection.open(url, {
    trust: { verify: true, extraRoots: [] },
    hasOwnSettings: false,
    clock,
    signal,
    connectMsMax,
    headersMsMax: ANSWER_MS_MAX,
    bodyIdleMsMax: ANSWER_MS_MAX,
  });
  try {
    const asked = { accept: "application/json", ...headers };
    const answer = await connection.exchange({ method: "GET", url, headers: asked }, { signal });
    let text = "";
    let bytes = 0;
    const decoder = new TextDecoder();
    for await (const chunk of answer.body) {
      bytes += chunk.byteLength;
      if (bytes > ANSWER_BYTES_MAX) throw tooLarge(url);
      text += decoder.decode(chunk, { stream: true });
    }
    return { status: answer.status, body: jsonOf(text) };
  } finally {
    connection.destroy();
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function tooLarge(url: URL): SyncError {
  const message = `"${addressOf(url)}" does not answer as a token service does: it is too large`;
  return new SyncError("retryable", "AuthorityAnswerInvalid", message, {
    hint: "Check IDENTITY_ENDPOINT and AZURE_POD_IDENTITY_AUTHORITY_HOST",
  });
}
