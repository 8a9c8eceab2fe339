import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { cutStub, type StubPin } from "./stub_runtime.ts";

/** A program of 64 bytes of header, 100 of code and a payload that some compiler appended. */
function compiledProgram(): Uint8Array {
  const program = new Uint8Array(300).fill(7, 64);
  program.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  new DataView(program.buffer).setBigUint64(0x28, 164n, true);
  return program;
}

function pinOf(stub: Uint8Array): StubPin {
  const stubSha256 = createHash("sha256").update(stub).digest("hex");
  return { package: "sample@1.0.0", tarballSha512: "", stubBytes: stub.length, stubSha256 };
}

Deno.test("stub is cut off the front of a compiled program", () => {
  const program = compiledProgram();
  const stub = program.slice(0, 164);
  assert.deepEqual(cutStub(program, pinOf(stub)), stub);
});

Deno.test("stub that differs from the pinned one in a single bit is refused", () => {
  const program = compiledProgram();
  const pin = pinOf(program.slice(0, 164));
  program[163]! ^= 1;
  assert.throws(() => cutStub(program, pin), /The runtime in sample@1.0.0 is not what was pinned/);
});

Deno.test("stub of another length is refused", () => {
  const program = compiledProgram();
  const pin = { ...pinOf(program.slice(0, 164)), stubBytes: 165 };
  assert.throws(() => cutStub(program, pin), /not what was pinned/);
});
