import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { SCENARIOS } from "./scenarios.ts";
import { withMeasured } from "./tables.ts";

const REPO = new URL("../../", import.meta.url);

/** The text as it is before it is formatted: columns as wide as what is in them, lines as they come. */
function unformatted(text: string): string {
  return text.replace(/\s+/g, " ").replace(/-{2,}/g, "--");
}

Deno.test("the tables of docs/performance.md are those of bench/results.json", async () => {
  const text = await Deno.readTextFile(fileURLToPath(new URL("docs/performance.md", REPO)));
  const results = JSON.parse(
    await Deno.readTextFile(fileURLToPath(new URL("bench/results.json", REPO))),
  );
  assert.equal(unformatted(withMeasured(text, results)), unformatted(text));
  for (const { name } of SCENARIOS) {
    assert.match(text, new RegExp(`<!-- measured: .*\\b${name}\\b`), `${name} has its table`);
  }
});
