import assert from "node:assert/strict";
import { join } from "node:path";
import { readFile } from "../../config/read_file.ts";
import type { RemoteConfigAt } from "../../config/remote_config_options.ts";
import { undiciCase } from "../../http/testing/undici_case.ts";
import { SimulatedPlatform } from "../../../tests/platform/simulated_platform.ts";
import { recordingConsole } from "../push/testing/recording_console.ts";
import { pullConfig } from "./pull_config.ts";
import { pushConfig } from "./push_config.ts";

const TEXT = `{
  "host": "https://mail.example.com",
  "auth_user": "svc",
  "auth_password": "hünter2",
  "mailboxes": { "a@b.c": { "bucket": { "owner": "acme", "name": "mail" } } }
}
`;

/** A platform, and a config file for it. */
async function harness() {
  const platform = new SimulatedPlatform({ basePath: "/org/tenant/reinfer_" });
  const folder = await Deno.makeTempDir();
  const file = join(folder, "config.json");
  await Deno.writeTextFile(file, TEXT);
  const endpoint = new URL(platform.endpoint);
  const at: RemoteConfigAt = {
    name: { owner: "acme", key: "ews.prod" },
    place: { kind: "platform", endpoint, privatePrefix: "/api/_private" },
  };
  const console = recordingConsole();
  const environmentOf = (token: string | undefined) => ({
    env: (name: string) => name === "REINFER_API_TOKEN" ? token : undefined,
    readFile,
  });
  return {
    platform,
    console,
    push: () => pushConfig({ file, to: at }, environmentOf(platform.token), console),
    pull: (token: string | undefined = platform.token) =>
      pullConfig({ from: at }, environmentOf(token), console),
    pullWithoutToken: () => pullConfig({ from: at }, environmentOf(undefined), console),
    async [Symbol.asyncDispose]() {
      await platform[Symbol.asyncDispose]();
      await Deno.remove(folder, { recursive: true });
    },
  };
}

undiciCase("a configuration goes to the platform and comes back, as it is", async () => {
  for (const configsAt of ["documented", "private"] as const) {
    await using subject = await harness();
    subject.platform.configsAt = configsAt;
    assert.equal(await subject.push(), 0, subject.console.complained());
    assert.equal(subject.platform.configs.get("acme/ews.prod"), TEXT);
    assert.match(
      subject.console.printed(),
      /reinfer_\/api\/v1\/appliance-configs\/acme\/ews\.prod\n$/,
    );
    const before = subject.console.printed();
    assert.equal(await subject.pull(), 0);
    assert.equal(subject.console.printed(), before + TEXT);
  }
});

undiciCase("what the platform has not, or refuses, ends in one line with a remedy", async () => {
  await using subject = await harness();
  assert.equal(await subject.pull(), 4);
  assert.match(
    subject.console.complained(),
    /^reinfer-ews: There is no remote configuration at .*\n$/,
  );
  assert.equal(await subject.pull("another token"), 4);
  assert.match(subject.console.complained(), /PlatformTokenRefused.*REINFER_API_TOKEN/);
  assert.equal(await subject.pullWithoutToken(), 2);
  assert.match(subject.console.complained(), /needs the variable REINFER_API_TOKEN\n$/);
  assert.doesNotMatch(subject.console.complained(), /another token/);
});
