import assert from "node:assert/strict";
import { join } from "node:path";
import { type Mutation, MUTATIONS } from "./mutations.ts";
import { mutatedTree, ROOT } from "./mutated_tree.ts";

/** What the simulation says of a copy of the source, and the properties that it finds broken. */
async function findings(folder: string, { firstSeed, seeds }: Mutation) {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--quiet",
      "--no-check",
      "--cached-only",
      `--config=${join(ROOT, "deno.json")}`,
      "--allow-read",
      "--ignore-env",
      join(folder, "tests/simulation/main.ts"),
      `--from=${firstSeed}`,
      `--seeds=${seeds}`,
      "--fail-fast",
    ],
    env: { NO_COLOR: "1" },
  }).output();
  const text = new TextDecoder().decode(stdout);
  assert.match(text, /emails checked/, new TextDecoder().decode(stderr));
  const failures = Array.from(
    text.matchAll(/^seed \d+ fails: .*\n((?: {2}.*\n)+)/gm),
    ([, said]) => said!,
  );
  const properties = new Set(failures.flatMap((said) => said.match(/^ {2}P\d(?= )/gm) ?? []));
  return { code, properties, text };
}

/**
 * Goal: the simulation finds what it is there for. Method: copies of the product's source, each with
 * one defect, run through the first few seeds, all of which the source itself passes
 * (`simulation_test.ts`).
 */
for (const mutation of MUTATIONS) {
  Deno.test(`the simulation finds it when ${mutation.name}`, async () => {
    await using tree = await mutatedTree(mutation.edits);
    const { code, properties, text } = await findings(tree.folder, mutation);
    assert.equal(code, 1, text);
    assert.ok(properties.has(`  ${mutation.property}`), text);
  });
}
