import assert from "node:assert/strict";
import { runProgram } from "./run_program.ts";

const { signal } = new AbortController();
const shell = (script: string) => ["-c", script] as const;

Deno.test("a program's words and its exit code are told", async () => {
  const result = await runProgram("/bin/sh", shell("echo out; echo err >&2; exit 3"), { signal });
  assert.deepEqual(result, { code: 3, stdout: "out\n", stderr: "err\n" });
});

Deno.test("a program that is not there, or is none, counts as absent", async () => {
  assert.equal(await runProgram("no-such-program-of-ours", [], { signal }), undefined);
  const file = await Deno.makeTempFile();
  try {
    await Deno.chmod(file, 0o755);
    await Deno.writeTextFile(file, "\x7fELF");
    assert.equal(await runProgram(file, [], { signal }), undefined);
  } finally {
    await Deno.remove(file);
  }
});

Deno.test("a program that does not end is ended, also where another one keeps its output open", async () => {
  const lives = await Deno.makeTempFile();
  try {
    const forks = shell(`while [ -e ${lives} ]; do sleep 0.05; done & wait`);
    const result = await runProgram("/bin/sh", forks, { signal, runMsMax: 50 });
    assert.ok(result && result.code !== 0);
    assert.match(result.stderr, /not done within 0\.05 s/);
  } finally {
    await Deno.remove(lives);
  }
});

Deno.test("what a program said counts, though one that it left behind keeps its output open", async () => {
  const lives = await Deno.makeTempFile();
  try {
    const leaves = shell(`echo out; while [ -e ${lives} ]; do sleep 0.05; done &`);
    const result = await runProgram("/bin/sh", leaves, { signal, runMsMax: 500 });
    assert.deepEqual(result, { code: 0, stdout: "out\n", stderr: "" });
  } finally {
    await Deno.remove(lives);
  }
});

Deno.test("a stop ends it with the reason of the stop", async () => {
  const stop = new AbortController();
  const running = runProgram("/bin/sh", shell("exec sleep 20"), { signal: stop.signal });
  stop.abort(new Error("stopped"));
  await assert.rejects(running, /stopped/);
  await assert.rejects(runProgram("/bin/sh", shell("true"), { signal: stop.signal }), /stopped/);
});

Deno.test("of a program that says too much the beginning is kept", async () => {
  const script = "head -c 3000000 /dev/zero | tr '\\0' a";
  const result = await runProgram("/bin/sh", shell(script), { signal });
  assert.ok(result);
  assert.ok(result.stdout.length > 0 && result.stdout.length <= 1024 * 1024);
  assert.equal(result.code, 0);
});
