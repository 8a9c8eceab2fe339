import assert from "node:assert/strict";
import { join } from "node:path";
import { ChildProcess } from "./child_process.ts";

function shell(script: string, stderrFile?: string): ChildProcess {
  return new ChildProcess({
    name: "The child",
    program: "/bin/sh",
    args: ["-c", script],
    stdout: "piped",
    ...(stderrFile === undefined ? {} : { stderrFile }),
    stopMsMax: 200,
  });
}

const FOREVER = "while :; do sleep 0.05; done";

Deno.test("child process is stopped with its own exit code, and only once", async () => {
  const child = shell(`trap 'exit 3' TERM; echo ready; ${FOREVER}`);
  assert.equal(await child.firstLine(), "ready");
  assert.equal(await child.stop(), 3);
  assert.equal(await child.stop(), 3);
});

Deno.test("child process that does not stop is killed", async () => {
  const child = shell(`trap '' TERM; echo ready; ${FOREVER}`);
  await child.firstLine();
  assert.equal(await child.stop(), 137);
});

Deno.test("child process that writes on after its first line is not held up", async () => {
  const child = shell(
    "echo first; i=0; while [ $i -lt 3000 ]; do echo 0123456789012345678901234567890123456789; " +
      "i=$((i + 1)); done; exit 4",
  );
  assert.equal(await child.firstLine(), "first");
  await assert.rejects(child.endsTooEarly(), /^Error: The child ended with code 4$/);
  await child.stop();
});

Deno.test("child process that ends too early says where its last words are", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const log = join(folder, "child.log");
    const child = shell("echo last words >&2; exit 5", log);
    await assert.rejects(child.firstLine(), /The child ended without a word/);
    await assert.rejects(child.endsTooEarly(), new RegExp(`code 5; see ${log}`));
    assert.equal(await Deno.readTextFile(log), "last words\n");
    await child.stop();
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
