import type { HttpAnswer } from "../exchange/http_server.ts";

/** A request runs until the last byte of its answer has been made, or will never be. */
export function leftAfter(answer: HttpAnswer, leave: () => void): HttpAnswer {
  const { body } = answer;
  if (typeof body === "string") {
    leave();
    return answer;
  }
  return { ...answer, body: watched(body, leave) };
}

async function* watched(
  body: AsyncIterable<Uint8Array>,
  ended: () => void,
): AsyncGenerator<Uint8Array> {
  try {
    yield* body;
  } finally {
    ended();
  }
}
