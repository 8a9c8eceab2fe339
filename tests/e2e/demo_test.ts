import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { documentedCommands } from "../docs/documented.ts";

const REPO = fileURLToPath(new URL("../../", import.meta.url));

Deno.test("the demo ends by itself without a terminal, with a summary and exit code 0", async () => {
  const { code, stdout, stderr } = await new Deno.Command("bash", {
    args: ["-euc", await documentedCommands("../README.md", "demo")],
    cwd: REPO,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).output();
  const shown = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
  assert.equal(code, 0, shown);
  assert.match(shown, /6,?0\d\d emails/);
  assert.match(shown, /\.eml/);
  assert.doesNotMatch(shown, /Pässwörd/);
});
