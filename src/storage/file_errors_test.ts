import assert from "node:assert/strict";
import { SyncError } from "../core/errors.ts";
import { classifiedFiles, isExisting, isMissing } from "./file_errors.ts";
import { type FileCall, osError, plannedFiles } from "./testing/planned_files.ts";

async function thrownFor(failure: Error): Promise<unknown> {
  const plan = ({ verb }: FileCall) => verb === "rename" ? failure : undefined;
  const files = classifiedFiles(plannedFiles(plan), "/mail");
  return await files.rename("/mail/a", "/mail/b").then(() => undefined, (thrown) => thrown);
}

Deno.test("a failing disk is a failure of the destination that names path and remedy", async () => {
  const thrown = await thrownFor(osError("ENOSPC", "No space left on device"));
  assert.ok(thrown instanceof SyncError);
  assert.equal(thrown.kind, "destination");
  assert.equal(thrown.code, "DiskFull");
  assert.equal(thrown.message, 'Cannot rename to "/mail/b": No space left on device (os error 0)');
  assert.equal(thrown.hint, 'Free space or raise the quota of "/mail"');
});

Deno.test("disk failures are told apart by the system's error code", async () => {
  const codes = {
    EDQUOT: "DiskFull",
    EROFS: "ReadOnlyTarget",
    EACCES: "TargetNotWritable",
    EPERM: "TargetNotWritable",
    EIO: "DiskFailure",
    ENOTDIR: "TargetMissing",
    ESTALE: "TargetMissing",
    EMFILE: "TooManyOpenFiles",
    ENOLCK: "LocksUnsupported",
    EXDEV: "FileSystemFailure",
  };
  for (const [system, code] of Object.entries(codes)) {
    const thrown = await thrownFor(osError(system, "Words"));
    assert.equal((thrown as SyncError).code, code, system);
  }
  const denied = await thrownFor(new Deno.errors.NotCapable("Requires write access"));
  assert.equal((denied as SyncError).code, "TargetNotPermitted");
  assert.match((denied as SyncError).hint!, /outside of \/dev/);
});

Deno.test("a folder that is not ours is named with its owner, our user and what to run", async () => {
  const thrown = await thrownFor(osError("EACCES", "Permission denied"));
  const { message, hint } = thrown as SyncError;
  assert.match(
    message,
    /^Cannot rename to "\/mail\/b": Permission denied \(os error 0\); "\/" belongs/,
  );
  assert.match(message, /to uid \d+ with mode \d{4}, and this program runs as uid 65532$/);
  assert.equal(hint, 'Run chown -R 65532 "/"; in a container, on the folder mounted there');
});

Deno.test("only an absent file counts as missing, not a stale or broken file system", async () => {
  assert.ok(isMissing(await thrownFor(new Deno.errors.NotFound("gone"))));
  assert.ok(!isMissing(await thrownFor(osError("ESTALE", "Stale file handle"))));
  assert.ok(!isMissing(await thrownFor(osError("EIO", "Input/output error"))));
  assert.ok(isExisting(await thrownFor(new Deno.errors.AlreadyExists("there"))));
});

Deno.test("a defect of ours is not taken for a failing disk", async () => {
  const defect = new TypeError("file name contained an unexpected NUL byte");
  assert.equal(await thrownFor(defect), defect);
});
