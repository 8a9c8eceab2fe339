import assert from "node:assert/strict";
import { FAULTS } from "../exchange/faults.ts";
import { hasTest, proofsIn, tableRows } from "./proofs.ts";

const ROOT = new URL("../../", import.meta.url);
const REACTS = "the appliance reacts as it should to ";

const markdown = await Deno.readTextFile(new URL("docs/reliability.md", ROOT));
const rows = tableRows(markdown);

Deno.test("each row of docs/reliability.md names a test, and each test that is named is there", async () => {
  assert.ok(rows.length > 60);
  assert.deepEqual(rows.filter((row) => proofsIn(row).length === 0), []);
  const missing: string[] = [];
  for (const { file, name } of rows.flatMap(proofsIn)) {
    const source = await Deno.readTextFile(new URL(file, ROOT)).catch(() => "");
    if (!hasTest(source, name)) missing.push(`${file}: ${name}`);
  }
  assert.deepEqual(missing, []);
});

Deno.test("every failure that the simulated Exchange knows stands in docs/reliability.md", () => {
  const text = rows.map((row) => row.split(" | ")[0]).join("\n");
  const names = FAULTS.map((fault) => "code" in fault ? fault.code : fault.name);
  const known = names.map((name) => /^HTTP \d+/.exec(name)?.[0] ?? name.replace(/ as \w+$/, ""));
  assert.deepEqual(known.filter((name) => !text.includes(`\`${name}\``)), []);
});

Deno.test("each reaction that docs/reliability.md names is one to a failure that there is", () => {
  const faults = new Set(FAULTS.map(({ name }) => name));
  const named = rows.flatMap(proofsIn).flatMap(({ name }) =>
    name.startsWith(REACTS) ? [name.slice(REACTS.length)] : []
  );
  assert.ok(named.length > 30);
  assert.deepEqual(named.filter((name) => !faults.has(name)), []);
});

Deno.test("proofs are found in rows, and tests by their whole names alone", () => {
  const table = "| a | b |\n| - | - |\n| x | `src/a_test.ts`: one<br>`src/b.ts`: two, three |\n";
  assert.deepEqual(tableRows(table).flatMap(proofsIn), [
    { file: "src/a_test.ts", name: "one" },
    { file: "src/b.ts", name: "two, three" },
  ]);
  const source = 'Deno.test("one", () => {});\nundiciCase(\n  `two to ${three} is`,\n  () => {});';
  assert.deepEqual(
    ["one", "two to 4 is", "on", "one more", "two to  is not"].map((name) => hasTest(source, name)),
    [true, true, false, false, false],
  );
});
