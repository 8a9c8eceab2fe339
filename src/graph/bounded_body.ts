import type { HttpResponse } from "../http/transport.ts";

/** The body as text; undefined if it is longer than `bytesMax`, of which no more is read then. */
export async function boundedText(
  { body }: HttpResponse,
  bytesMax: number,
): Promise<string | undefined> {
  const decoder = new TextDecoder();
  let text = "";
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.byteLength;
    if (bytes > bytesMax) return undefined;
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}

/** The JSON of a text; undefined if it is none. */
export function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // the caller knows what that means for its answer
  }
}
