import assert from "node:assert/strict";
import { BUILD_INFO, versionLine } from "./version.ts";

Deno.test("version says that a program started from its sources is not a build", () => {
  assert.deepEqual(BUILD_INFO, { version: "0.0.0-source" });
  assert.equal(versionLine(), "reinfer-ews 0.0.0-source");
});

Deno.test("version names the commit, and a runtime that is not from Deno's own release", () => {
  const version = "1.2.3";
  assert.equal(versionLine({ version, denort: "official" }), "reinfer-ews 1.2.3");
  assert.equal(
    versionLine({ version, commit: "1a2b3c4d5e6f", denort: "official" }),
    "reinfer-ews 1.2.3 (commit 1a2b3c4d5e6f)",
  );
  assert.equal(
    versionLine({ version, commit: "1a2b3c4d5e6f-dirty", denort: "npm-fallback" }),
    "reinfer-ews 1.2.3 (commit 1a2b3c4d5e6f-dirty; runtime from npm, not for release)",
  );
});
