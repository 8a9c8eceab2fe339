import assert from "node:assert/strict";
import { type AccessQuestions, deniedAccess, type FileAccess } from "./denied_access.ts";

/** A system with these files, looked at by user 65532. */
function systemWith(files: Readonly<Record<string, FileAccess>>): AccessQuestions {
  return {
    uid: () => 65532,
    stat: (path) =>
      files[path] ? Promise.resolve(files[path]) : Promise.reject(new Error("not there")),
  };
}

const ROOT = { "/": { uid: 0, mode: 0o40755 } };

Deno.test("what stands in the way is the file itself, with owner, mode and who we are", async () => {
  const files = { ...ROOT, "/c": { uid: 0, mode: 0o40755 }, "/c/f": { uid: 7, mode: 0o100600 } };
  assert.deepEqual(await deniedAccess("/c/f", systemWith(files)), {
    path: "/c/f",
    reason: '"/c/f" belongs to uid 7 with mode 0600, and this program runs as uid 65532',
    uid: 65532,
  });
});

Deno.test("where nothing is yet, it is the nearest folder there is", async () => {
  const files = { ...ROOT, "/mnt": { uid: 0, mode: 0o41777 } };
  const denied = await deniedAccess("/mnt/a/b/c", systemWith(files));
  assert.equal(denied?.path, "/mnt");
  assert.match(denied!.reason, /mode 1777/);
  assert.equal((await deniedAccess("/x", systemWith(ROOT)))?.path, "/");
});

Deno.test("what is ours in a folder of another is refused because of the folder", async () => {
  const ours = { uid: 65532, mode: 0o100640 };
  const files = { ...ROOT, "/m": { uid: 0, mode: 0o40755 }, "/m/f": ours };
  assert.equal((await deniedAccess("/m/f", systemWith(files)))?.path, "/m");
  const inOurs = { ...files, "/m": { uid: 65532, mode: 0o40500 } };
  assert.equal(await deniedAccess("/m/f", systemWith(inOurs)), undefined, "no matter of owners");
});

Deno.test("nothing is said where the system tells nothing", async () => {
  assert.equal(await deniedAccess("relative", systemWith({})), undefined);
  const noUsers = { ...systemWith(ROOT), uid: () => null };
  assert.equal(await deniedAccess("/x", noUsers), undefined);
});
