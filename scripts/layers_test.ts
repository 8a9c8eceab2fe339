import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { type ImportEdge, readImports } from "./import_graph.ts";
import { brokenRules } from "./layers.ts";

function edge(from: string, to: string, typeOnly = false): ImportEdge {
  return { from, to, typeOnly };
}

Deno.test("layers lets every layer import itself, core and what its row names", () => {
  assert.deepEqual(
    brokenRules([
      edge("main.ts", "src/app/run.ts"),
      edge("src/app/run.ts", "src/ews/client.ts"),
      edge("src/ews/client.ts", "src/ews/xml.ts"),
      edge("src/ews/client.ts", "src/core/errors.ts"),
      edge("src/ews/client.ts", "src/http/transport.ts", true),
      edge("src/status/metrics.ts", "prom-client"),
      edge("src/http/network_error.ts", "undici", true),
      edge("src/core/email.ts", "node:crypto"),
    ]),
    [],
  );
});

Deno.test("layers names every import that its row does not", () => {
  const forbidden = [
    edge("src/core/email.ts", "src/sync/supervisor.ts"),
    edge("src/core/email.ts", "node:fs"),
    edge("src/sync/supervisor.ts", "src/ews/client.ts", true),
    edge("src/sync/supervisor.ts", "node:net"),
    edge("src/ews/client.ts", "src/http/transport.ts"),
    edge("src/ews/client.ts", "src/http/connection.ts", true),
    edge("src/ews/client.ts", "prom-client"),
    edge("src/http/network_error.ts", "undici"),
    edge("src/http/connection.ts", "fast-check"),
    edge("src/http/connection.ts", "src/http/testing/server.ts"),
    edge("src/app/run.ts", "tests/exchange/main.ts"),
    edge("src/novel/thing.ts", "src/core/errors.ts"),
    edge("main.ts", "src/ews/client.ts"),
  ];
  const broken = brokenRules(forbidden);
  assert.equal(broken.length, forbidden.length);
  for (const { from, to } of forbidden) {
    assert.ok(broken.some((sentence) => sentence.startsWith(`${from} imports ${to}: `)), to);
  }
});

Deno.test("layers finds files that import each other in a circle, types included", () => {
  assert.deepEqual(
    brokenRules([
      edge("src/core/a.ts", "src/core/b.ts"),
      edge("src/core/b.ts", "src/core/c.ts", true),
      edge("src/core/c.ts", "src/core/b.ts"),
    ]),
    ["Circle: src/core/b.ts → src/core/c.ts → src/core/b.ts"],
  );
});

Deno.test("what only some configurations need is not loaded with the program", async () => {
  const edges = (await readImports(new URL("..", import.meta.url).pathname)).filter((
    { typeOnly },
  ) => !typeOnly);
  const reach = (follows: (edge: ImportEdge) => boolean) => {
    const reached = new Set(["main.ts"]);
    // A set that grows is gone through to its new end.
    for (const file of reached) {
      for (const edge of edges) if (edge.from === file && follows(edge)) reached.add(edge.to);
    }
    return reached;
  };
  const always = reach(({ dynamic }) => !dynamic);
  const sometimes = reach(() => true);
  for (const name of ["@azure/storage-blob", "@azure/msal-node"]) {
    assert.ok(sometimes.has(name), `${name} is loaded by nobody`);
    assert.ok(!always.has(name), `${name} is always loaded`);
  }
});

// The checker is only as good as its reading of real files, so this one breaks rules on disk, in
// each of the forms that an import can take.
Deno.test("layers reads every form of import from files, also from files nobody imports", async () => {
  const root = await Deno.makeTempDir();
  try {
    await write(root, {
      "main.ts": 'import { run } from "./src/app/run.ts";\nrun();\n',
      "src/app/run.ts": 'export async function run() {\n  await import("../core/lazy.ts");\n}\n',
      "src/core/lazy.ts": 'export type { Agent } from "undici";\n',
      "src/core/orphan.ts": 'import type { Deep } from "@scope/deep/inner.js";\n' +
        'export * from "../sync/pass.ts";\nexport type Both = Deep;\n',
      "src/core/orphan_test.ts": 'import "fast-check";\n',
      "src/sync/pass.ts": '// import "node:fs" is only mentioned here\nimport "node:os";\n',
    });
    assert.deepEqual(brokenRules(await readImports(root)).toSorted(), [
      "src/core/lazy.ts imports undici: only src/http/connection.ts may use this package",
      "src/core/orphan.ts imports @scope/deep: not a package of the program",
      "src/core/orphan.ts imports src/sync/pass.ts: src/core/ may not know this layer",
      "src/sync/pass.ts imports node:os: src/sync/ may not use this built-in",
    ]);
  } finally {
    await Deno.remove(root, { recursive: true });
  }
});

Deno.test("layers refuses to judge a program with an import that leads nowhere", async () => {
  const root = await Deno.makeTempDir();
  try {
    await write(root, { "src/core/a.ts": 'import "./missing.ts";\n' });
    await assert.rejects(readImports(root), /missing\.ts/);
  } finally {
    await Deno.remove(root, { recursive: true });
  }
});

async function write(root: string, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    await Deno.mkdir(join(root, dirname(path)), { recursive: true });
    await Deno.writeTextFile(join(root, path), text);
  }
}
