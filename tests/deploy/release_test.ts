import assert from "node:assert/strict";
import { join } from "node:path";
import { runCommand } from "../../scripts/run_command.ts";
import { BINARY } from "../e2e/appliance.ts";

const REPO = new URL("../../", import.meta.url).pathname;
const run = (program: string, ...args: readonly string[]) =>
  runCommand(program, args, { timeoutMs: 60_000 });

const MAY_INSTALL = Deno.uid() === 0;

Deno.test({
  name: "out of an unpacked release, the installation puts all in place (needs root)",
  ignore: !MAY_INSTALL,
  fn: async () => {
    const folder = await Deno.makeTempDir();
    try {
      const release = join(folder, "release");
      const laidOut = await run(join(REPO, "scripts/release_files"), BINARY, release);
      assert.equal(laidOut.code, 0, laidOut.stderr);
      const bill = JSON.parse(await Deno.readTextFile(join(release, "reinfer-ews.cdx.json")));
      assert.ok(bill.components.length > 10);
      const root = join(folder, "root");
      const install = (...options: readonly string[]) =>
        run(join(release, "install"), "--root", root, ...options);

      const installed = await install();
      assert.equal(installed.code, 0, installed.stderr);
      const version = await run(join(root, "usr/local/bin/reinfer-ews"), "version");
      assert.match(version.stdout, /^reinfer-ews \d/);
      const settings = join(root, "etc/reinfer-ews/config.json");
      await Deno.writeTextFile(settings, "{}");
      assert.equal((await install()).code, 0);
      assert.equal(await Deno.readTextFile(settings), "{}", "what an operator wrote stays");
      const back = await install("--rollback");
      assert.match(back.stderr, /no executable before/);

      assert.equal((await install("--uninstall", "--purge")).code, 0);
      const left = await run("find", root, "-type", "f");
      assert.equal(left.stdout, "");
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});
