import assert from "node:assert/strict";
import fc from "fast-check";
import { LIMITS } from "../core/limits.ts";
import { WrittenNames } from "./written_names.ts";

Deno.test("only of folders made here is anything called absent, and never what was written", () => {
  const names = new WrittenNames();
  assert.ok(!names.isAbsent("/a/x"));
  names.made("/a");
  assert.ok(names.isAbsent("/a/x"));
  assert.ok(!names.isAbsent("/b/x"));
  assert.ok(!names.isAbsent("/a/below/x"), "a folder within it may be somebody else's");
  names.writing("/a/x");
  assert.ok(!names.isAbsent("/a/x"));
  assert.ok(names.isAbsent("/a/y"));
});

Deno.test("a folder that is made again does not forget what was written into it", () => {
  const names = new WrittenNames();
  names.made("/a");
  names.writing("/a/x");
  names.made("/a");
  assert.ok(!names.isAbsent("/a/x"));
});

Deno.test("what another may have written meanwhile is doubted, and nothing else is", () => {
  const names = new WrittenNames();
  for (const folder of ["/a", "/a/b", "/ab"]) names.made(folder);
  names.doubt("/a");
  assert.ok(!names.isAbsent("/a/x"));
  assert.ok(!names.isAbsent("/a/b/x"));
  assert.ok(names.isAbsent("/ab/x"));
});

Deno.test("whatever is written, in any order, is not called absent", () => {
  const steps = fc.array(
    fc.record({ folder: fc.integer({ max: 5, min: 0 }), file: fc.nat(3_000), makes: fc.boolean() }),
    { maxLength: 400 },
  );
  fc.assert(fc.property(steps, (steps) => {
    const names = new WrittenNames();
    const written = new Set<string>();
    for (const { folder, file, makes } of steps) {
      const path = `/${folder}/${file}`;
      // A folder that is there already is never made.
      const isThere = [...written].some((other) => other.startsWith(`/${folder}/`));
      if (makes && !isThere) names.made(`/${folder}`);
      names.writing(path);
      written.add(path);
    }
    for (const path of written) assert.ok(!names.isAbsent(path));
  }));
});

Deno.test("beyond its limits it forgets all it knows rather than say something wrong", () => {
  const names = new WrittenNames();
  names.made("/a");
  for (let count = 0; count <= LIMITS.writtenNamesMax; count++) names.writing(`/a/${count}`);
  assert.ok(!names.isAbsent("/a/0"));
  assert.ok(!names.isAbsent("/a/never"));
  names.made("/b");
  assert.ok(names.isAbsent("/b/0"));
  for (let count = 0; count < LIMITS.knownFoldersMax; count++) names.made(`/c${count}`);
  assert.ok(!names.isAbsent("/b/0"));
});

Deno.test("tens of thousands of names are told from others nearly always", () => {
  const names = new WrittenNames();
  names.made("/a");
  for (let count = 0; count < 50_000; count++) names.writing(`/a/${count}.json`);
  const absent = Array.from({ length: 10_000 }, (_, count) => `/a/other-${count}.json`)
    .filter((path) => names.isAbsent(path));
  assert.ok(absent.length > 9_990, `${absent.length}`);
});
