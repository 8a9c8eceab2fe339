import assert from "node:assert/strict";
import { commandBlocks, documentedCommands } from "./documented.ts";

const DOCS = new URL("../../docs/", import.meta.url);

/** What a reader sees on top of commands that no test runs, with the reason. */
const NOT_EXECUTED = /^# Not executed by our tests: \S.*\.$/m;

const documents = [...Deno.readDirSync(DOCS)].map(({ name }) => name)
  .filter((name) => name.endsWith(".md"))
  .concat("../README.md");

for (const document of documents) {
  Deno.test(`every command of ${document} is run by a test or says why not`, async () => {
    const tests = await testSources();
    for (const { name, text } of commandBlocks(await Deno.readTextFile(new URL(document, DOCS)))) {
      if (name === undefined) assert.match(text, NOT_EXECUTED);
      else assert.ok(tests.includes(`"${name}"`), `no test runs "${name}"`);
    }
  });

  Deno.test(`links of ${document} lead to files that are there`, async () => {
    const markdown = await Deno.readTextFile(new URL(document, DOCS));
    for (const [, target] of markdown.matchAll(/\]\(([^)#\s:]+)(?:#[^)]*)?\)/g)) {
      await Deno.stat(new URL(target!, new URL(document, DOCS)));
    }
  });
}

Deno.test("blocks of commands are found with their names", () => {
  const markdown =
    "a\n\n<!-- test: one -->\n\n```sh\nx\ny\n```\n\n  ```powershell\n  z\n  ```\n\n```json\n{}\n```\n";
  assert.deepEqual(commandBlocks(markdown), [
    { language: "sh", name: "one", text: "x\ny\n" },
    { language: "powershell", text: "z\n" },
  ]);
});

Deno.test("examples that do not occur are a failure, not a silent difference", async () => {
  await assert.rejects(
    documentedCommands("container.md", "check", { "not there": "x" }),
    /not there/,
  );
  await assert.rejects(documentedCommands("container.md", "no such name"), /no commands/);
});

/** All that tests say: the names of the commands they run stand in there. */
async function testSources(): Promise<string> {
  const sources: string[] = [];
  for (const folder of ["containers", "deploy", "e2e"]) {
    const url = new URL(`../${folder}/`, import.meta.url);
    for (const { name } of Deno.readDirSync(url)) {
      sources.push(await Deno.readTextFile(new URL(name, url)));
    }
  }
  return sources.join("\n");
}

Deno.test("every code that docs/troubleshooting.md explains is one that the program gives", async () => {
  const source = await programSource();
  const markdown = await Deno.readTextFile(new URL("troubleshooting.md", DOCS));
  const codes = [...markdown.matchAll(/`([A-Z][a-z]+(?:[A-Z][a-z]+)+)`/g)].map(([, code]) => code!);
  assert.ok(codes.length > 20);
  // Either a text, or a row of the table of Exchange's codes.
  const isKnown = (code: string) => new RegExp(`\\b${code}\\b["']?[,:)\\s]`).test(source);
  assert.deepEqual(codes.filter((code) => !isKnown(code)), []);
});

async function programSource(): Promise<string> {
  const texts: string[] = [];
  const visit = async (folder: URL): Promise<void> => {
    for (const { name, isDirectory } of Deno.readDirSync(folder)) {
      if (isDirectory) await visit(new URL(`${name}/`, folder));
      else if (!name.endsWith("_test.ts")) {
        texts.push(await Deno.readTextFile(new URL(name, folder)));
      }
    }
  };
  await visit(new URL("../../src/", import.meta.url));
  return texts.join("\n");
}
