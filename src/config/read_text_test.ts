import assert from "node:assert/strict";
import { readFile } from "./read_file.ts";
import { readText } from "./read_text.ts";

const MAX = 1024;
const giving = (bytes: Uint8Array) => () => Promise.resolve(bytes);

Deno.test("UTF-8 is read with or without a byte order mark", async () => {
  const bytes = new TextEncoder().encode("\ufeffgrüße");
  assert.deepEqual(await readText("f", MAX, giving(bytes)), { text: "grüße" });
  assert.deepEqual(await readText("f", MAX, giving(bytes.subarray(3))), { text: "grüße" });
});

Deno.test("what is not UTF-8, or too large by one byte, is refused with the reason", async () => {
  const utf16 = new Uint8Array([0xff, 0xfe, 0x7b, 0x00]);
  assert.deepEqual(await readText("f", MAX, giving(utf16)), { fault: "is not UTF-8 text" });
  const large = new Uint8Array(MAX + 1);
  assert.deepEqual(await readText("f", MAX, giving(large)), { fault: "is larger than 1 KiB" });
  assert.ok("text" in await readText("f", MAX, giving(large.subarray(1))));
});

Deno.test("the usual failures have plain words and unusual ones are quoted on one line", async () => {
  const faultOf = async (thrown: unknown) => {
    const read = await readText("f", MAX, () => Promise.reject(thrown));
    return "fault" in read ? read.fault : undefined;
  };
  const coded = (code: string) => Object.assign(new Error("os error"), { code });
  assert.equal(await faultOf(coded("ENOENT")), "does not exist");
  assert.equal(await faultOf(coded("EACCES")), "may not be read by this user");
  assert.equal(await faultOf(coded("EISDIR")), "is a folder");
  assert.equal(await faultOf(coded("EIO")), 'cannot be read: "os error"');
  const guarded = new Deno.errors.NotCapable("Requires all access");
  assert.equal(await faultOf(guarded), "must not be below /dev, /proc or /sys");
  assert.equal(await faultOf("a\nb"), 'cannot be read: "a\\nb"');
});

Deno.test("the system's reader stops just behind the bound and fails with codes", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeFile(`${folder}/file`, new Uint8Array(200_000).fill(7));
    assert.deepEqual(await readFile(`${folder}/file`, 1e6), new Uint8Array(200_000).fill(7));
    assert.deepEqual(await readFile(`${folder}/file`, 3), new Uint8Array(4).fill(7));
    assert.deepEqual(await readText(folder, MAX, readFile), { fault: "is a folder" });
    assert.deepEqual(await readText(`${folder}/x`, MAX, readFile), { fault: "does not exist" });
    assert.deepEqual(await readText(`${folder}/file/x`, MAX, readFile), {
      fault: "does not exist",
    });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
