import assert from "node:assert/strict";
import { join } from "node:path";
import { fingerprint } from "./build_inputs.ts";

Deno.test("build inputs change with a source, its name or a setting, and with nothing else", async () => {
  const root = await Deno.makeTempDir();
  try {
    for (const folder of ["scripts", "src/core"]) {
      await Deno.mkdir(join(root, folder), { recursive: true });
    }
    for (const file of ["deno.json", "deno.lock", "main.ts", "scripts/build.ts", "src/core/a.ts"]) {
      await Deno.writeTextFile(join(root, file), "1");
    }
    const first = await fingerprint(root, { release: false });
    await Deno.writeTextFile(join(root, "src/core/a_test.ts"), "tests are not inputs");
    await Deno.writeTextFile(join(root, "README.md"), "nor is text");
    assert.equal(await fingerprint(root, { release: false }), first);

    const seen = new Set([first, await fingerprint(root, { release: true })]);
    await Deno.writeTextFile(join(root, "src/core/a.ts"), "2");
    seen.add(await fingerprint(root, { release: false }));
    await Deno.rename(join(root, "src/core/a.ts"), join(root, "src/core/b.ts"));
    seen.add(await fingerprint(root, { release: false }));
    await Deno.writeTextFile(join(root, "deno.lock"), "2");
    seen.add(await fingerprint(root, { release: false }));
    assert.equal(seen.size, 5);
  } finally {
    await Deno.remove(root, { recursive: true });
  }
});
