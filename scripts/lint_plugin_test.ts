import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import plugin from "./lint_plugin.ts";

/** The short names of the rules that `source` breaks as the file `path` of this repository. */
function rulesBroken(path: string, source: string): readonly string[] {
  const file = fileURLToPath(new URL(`../${path}`, import.meta.url));
  return Deno.lint.runPlugin(plugin, file, source).map(({ id }) => id.replace(/^.*\//, ""));
}

const EFFECTS: readonly string[] = [
  "Date.now();",
  "new Date();",
  "new globalThis.Date();",
  "setTimeout(done, 1);",
  "setInterval(done, 1);",
  "globalThis.setTimeout(done, 1);",
  "Math.random();",
  "crypto.randomUUID();",
  "performance.now();",
  "console.error('x');",
  "const { log } = console.log;",
  "await fetch(url);",
  "globalThis.fetch(url);",
  "Deno.env.get('HOME');",
  "Deno.exit(1);",
  "AbortSignal.timeout(5);",
  "process.env.HOME;",
];

for (const source of EFFECTS) {
  Deno.test(`lint refuses in the core: ${source}`, () => {
    assert.deepEqual(rulesBroken("src/core/email.ts", source), ["no-ambient-effects"]);
  });
}

Deno.test("lint leaves effects to the folders that exist for them, and to tests", () => {
  const places = [
    "main.ts",
    "src/app/run.ts",
    "src/http/connection.ts",
    "src/runtime/system.ts",
    "src/storage/local_object_store.ts",
    "src/core/email_test.ts",
    "src/http/testing/server.ts",
    "scripts/build.ts",
    "tests/e2e/appliance_test.ts",
  ];
  for (const path of places) {
    assert.deepEqual(rulesBroken(path, EFFECTS.join("\n").replaceAll("done", "go")), [], path);
  }
});

Deno.test("lint accepts what only looks like an effect", () => {
  const source = `
    new Date(0);
    source.fetch(items);
    env.clock.now();
    state.process.next();
    options.console.log;
    clock.setTimeout(1);
    const Deno = { version: 1 };
    Deno.version;
  `;
  assert.deepEqual(rulesBroken("src/core/email.ts", source), []);
});

Deno.test("lint counts the lines of a function, of whatever form, up to 70", () => {
  const body = (lines: number) => `{\n${"work();\n".repeat(lines - 2)}}`;
  const path = "src/sync/pass.ts";
  assert.deepEqual(rulesBroken(path, `function pass() ${body(70)}`), []);
  for (
    const source of [
      `function pass() ${body(71)}`,
      `const pass = () => ${body(71)};`,
      `class Pass { run() ${body(71)} }`,
    ]
  ) {
    assert.deepEqual(rulesBroken(path, source), ["max-function-lines"], source.slice(0, 20));
  }
  assert.deepEqual(rulesBroken("src/sync/pass_test.ts", `function pass() ${body(71)}`), []);
});

Deno.test("lint refuses default exports", () => {
  assert.deepEqual(rulesBroken("tests/x.ts", "export default 1;"), ["no-default-export"]);
  assert.deepEqual(rulesBroken("tests/x.ts", "export const one = 1;"), []);
});

Deno.test("lint refuses file names that could hold anything", () => {
  for (const name of ["index.ts", "utils.ts", "util_test.ts", "helpers.ts", "common.ts"]) {
    assert.deepEqual(rulesBroken(`src/core/${name}`, ""), ["no-vague-file-name"], name);
  }
  for (const name of ["layer_table.ts", "index_page.ts", "mailbox.ts"]) {
    assert.deepEqual(rulesBroken(`src/core/${name}`, ""), [], name);
  }
});

Deno.test("lint wants an issue for work that is left", () => {
  const left = ["// TODO later", "/* FIXME: soon */", "// TODO(me): x", "// XXX"];
  for (const comment of left) {
    assert.deepEqual(rulesBroken("src/core/email.ts", comment), ["todo-needs-issue"], comment);
  }
  for (const comment of ["// TODO(#12): when it is there", '"TODO";', "// methods"]) {
    assert.deepEqual(rulesBroken("src/core/email.ts", comment), [], comment);
  }
});
