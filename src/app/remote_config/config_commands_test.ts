import assert from "node:assert/strict";
import { join } from "node:path";
import { readFile } from "../../config/read_file.ts";
import type { RemoteConfigAt } from "../../config/remote_config_options.ts";
import { filesBelow } from "../../../tests/files_below.ts";
import { recordingConsole } from "../push/testing/recording_console.ts";
import { pullConfig } from "./pull_config.ts";
import { pushConfig } from "./push_config.ts";

const ENVIRONMENT = { env: () => undefined, readFile };
const CONFIG = {
  host: "https://mail.example.com",
  auth_user: "CORP\\svc",
  auth_password: "hünter2",
  mailboxes: { "a@b.c": { bucket: { owner: "acme", name: "mail" } } },
};

/** A folder with a config file, and a place below it where configurations are kept. */
async function harness(config: object = CONFIG) {
  const folder = await Deno.makeTempDir();
  const prefix = join(folder, "mail");
  const file = join(folder, "config.json");
  const at: RemoteConfigAt = {
    name: { owner: "acme", key: "prod" },
    place: { kind: "local", prefix },
  };
  const write = (changed: object) => Deno.writeTextFile(file, JSON.stringify(changed));
  await write(config);
  const console = recordingConsole();
  return {
    folder,
    file,
    prefix,
    stored: join(prefix, "config/acme/prod.json"),
    console,
    write,
    push: () => pushConfig({ file, to: at }, ENVIRONMENT, console),
    pull: (to?: string) =>
      pullConfig({ from: at, ...(to === undefined ? {} : { to }) }, ENVIRONMENT, console),
    [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }),
  };
}

async function modeOf(path: string): Promise<number> {
  return ((await Deno.stat(path)).mode ?? 0) & 0o777;
}

Deno.test("what is pushed is pulled byte for byte, and nobody else may read it anywhere", async () => {
  await using subject = await harness();
  const { file, folder, stored, console } = subject;
  await Deno.writeTextFile(file, `\n ${JSON.stringify(CONFIG)}\n\n`);
  assert.equal(await subject.push(), 0, console.complained());
  assert.match(
    console.printed(),
    /^Pushed .*config\.json, 1 mailbox, to .*config\/acme\/prod\.json$/m,
  );
  assert.equal(await modeOf(stored), 0o600);
  const pulled = join(folder, "pulled.json");
  await Deno.writeTextFile(pulled, "older", { mode: 0o644 });
  await Deno.writeTextFile(`${pulled}.unfinished`, "left by a kill", { mode: 0o644 });
  assert.equal(await subject.pull(pulled), 0);
  assert.deepEqual(await Deno.readFile(pulled), await Deno.readFile(file));
  assert.equal(await modeOf(pulled), 0o600);
  assert.equal(await subject.pull(), 0);
  assert.ok(console.printed().endsWith(await Deno.readTextFile(file)));
  assert.deepEqual(await filesBelow(folder), [file, stored, pulled].toSorted());
});

Deno.test("a configuration that run would refuse is not pushed, and all that is wrong is said", async () => {
  await using subject = await harness({ ...CONFIG, port: "x", poll_frequency: 0 });
  assert.equal(await subject.push(), 2);
  const lines = subject.console.complained().split("\n").slice(0, -1);
  assert.match(lines[0] ?? "", /^reinfer-ews: port = "x"/);
  assert.match(lines[1] ?? "", /^reinfer-ews: poll_frequency = 0/);
  assert.match(lines[2] ?? "", /^reinfer-ews: Not pushed/);
  assert.equal(lines.length, 3);
  assert.deepEqual(await filesBelow(subject.prefix), []);
  await Deno.remove(subject.file);
  assert.equal(await subject.push(), 2);
  assert.match(subject.console.complained(), /Config file ".*": it does not exist/);
});

Deno.test("a push that changes where credentials go says what running instances make of it", async () => {
  await using subject = await harness();
  assert.equal(await subject.push(), 0);
  assert.equal(subject.console.complained(), "");
  await subject.write({ ...CONFIG, host: "https://new.example.com" });
  assert.equal(await subject.push(), 0);
  assert.match(
    subject.console.complained(),
    /^reinfer-ews: Warning: ews_endpoint from "https:\/\/mail\..*" to "https:\/\/new\..*restarted$/m,
  );
});

Deno.test("there is nothing to pull where nothing was pushed, and what is no configuration is pulled as it is", async () => {
  await using subject = await harness();
  const pulled = join(subject.folder, "pulled.json");
  assert.equal(await subject.pull(pulled), 4);
  assert.match(subject.console.complained(), /There is no remote configuration at ".*prod\.json"/);
  assert.deepEqual(await filesBelow(subject.folder), [subject.file]);
  assert.equal(await subject.push(), 0);
  await Deno.writeTextFile(subject.stored, "{oops");
  assert.equal(await subject.pull(), 0);
  assert.ok(subject.console.printed().endsWith("{oops"));
});

Deno.test("a file that cannot be written is a failure with a remedy, and leaves nothing", async () => {
  await using subject = await harness();
  assert.equal(await subject.push(), 0);
  assert.equal(await subject.pull(join(subject.folder, "none/pulled.json")), 4);
  assert.match(subject.console.complained(), /TargetMissing/);
});
