import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { benchOptions } from "./options.ts";
import { SCENARIOS } from "./scenarios.ts";

const MAIN = fileURLToPath(new URL("main.ts", import.meta.url));

function selected(...args: readonly string[]): readonly string[] {
  return benchOptions(args).scenarios.map(({ name }) => name);
}

Deno.test("without names the quick scenarios run, with --all every one, else those that are named", () => {
  const all = SCENARIOS.map(({ name }) => name);
  const quick = SCENARIOS.filter(({ isQuick }) => isQuick).map(({ name }) => name);
  assert.deepEqual(selected(), quick);
  assert.ok(quick.length > 0 && quick.length < all.length);
  assert.deepEqual(selected("--all"), all);
  assert.deepEqual(selected("local", "engine-0ms"), ["engine-0ms", "local"]);
  assert.deepEqual(selected("--all", "local"), ["local"]);
});

Deno.test("names of scenarios are unique, and what needs another one's files stands behind it", () => {
  assert.equal(new Set(SCENARIOS.map(({ name }) => name)).size, SCENARIOS.length);
  for (const { name, subjects } of SCENARIOS) {
    const disk = subjects.findIndex((subject) => subject.startsWith("disk"));
    assert.ok(disk < 0 || subjects.slice(0, disk).includes("local"), name);
  }
});

Deno.test("what cannot be meant is said in one line, and ends with 2", async () => {
  const wrong = [["--runs", "0"], ["--runs", "many"], ["nowhere"], ["--fast"]];
  await Promise.all(wrong.map(async (args) => {
    const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "--quiet", "--cached-only", "--no-check", "--allow-all", MAIN, ...args],
    }).output();
    const said = new TextDecoder().decode(stderr);
    assert.equal(code, 2, said);
    assert.match(said, new RegExp(`^bench/run: .*${RegExp.escape(args.at(-1)!)}.*\n$`));
    assert.equal(stdout.length, 0);
  }));
});
