import type { HttpResponse } from "../transport.ts";

/** The body of a response to its end, as text. */
export async function textOf({ body }: HttpResponse): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of body) text += decoder.decode(chunk, { stream: true });
  return text + decoder.decode();
}
