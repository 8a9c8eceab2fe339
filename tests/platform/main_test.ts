import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";

const MAIN = fileURLToPath(new URL("main.ts", import.meta.url));

/** Lines of a stream, parsed. */
async function* jsonLinesOf(
  stream: AsyncIterable<Uint8Array>,
): AsyncGenerator<Record<string, unknown>, void> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const piece of stream) {
    text += decoder.decode(piece, { stream: true });
    for (let end = text.indexOf("\n"); end >= 0; end = text.indexOf("\n")) {
      yield JSON.parse(text.slice(0, end));
      text = text.slice(end + 1);
    }
  }
}

Deno.test("the simulated platform runs as a process and says what happened to it", async () => {
  const args = [
    "run",
    "--quiet",
    "--no-check",
    "--cached-only",
    "--allow-net",
    MAIN,
    "--bucket",
    "a/b",
  ];
  const process = new Deno.Command(Deno.execPath(), { args, stdout: "piped" }).spawn();
  const lines = jsonLinesOf(process.stdout);
  const { value: ready } = await lines.next();
  assert.deepEqual(ready?.["buckets"], ["a/b"]);
  const authorization = `Bearer ${ready?.["token"]}`;
  const bucket = await fetch(new URL("_private/buckets/a%2Fb", String(ready?.["endpoint"])), {
    headers: { authorization },
  });
  assert.equal((await bucket.json()).status, "ok");
  process.kill("SIGTERM");
  const { value: ended } = await lines.next();
  assert.deepEqual([ended?.["event"], ended?.["requests"]], ["ended", 1]);
  assert.equal((await lines.next()).done, true);
  assert.equal((await process.status).code, 0);
});
