import assert from "node:assert/strict";
import { exportConflicts, exportOptionsOf } from "./export_options.ts";
import { azureLocationOf } from "./option_values.ts";
import type { OptionValues } from "./options.ts";
import { pullOptionsOf } from "./pull_options.ts";
import { pushConflicts, pushOptionsOf } from "./push_options.ts";
import {
  configPushOptionsOf,
  remoteConfigConflicts,
  remoteConfigOf,
  remoteConfigText,
} from "./remote_config_options.ts";

const OWNER_AND_KEY = { "remote-config-owner": "acme", "remote-config-key": "prod" };
const FILES = { "local-files-prefix": "mail" };
const AZURE = { "private-file-prefix": azureLocationOf("az://acct/container/a/b")! };
const PLATFORM = { "reinfer-api-endpoint": new URL("https://acme.reinfer.io/api/") };

function textOf(values: OptionValues): string {
  return remoteConfigText(remoteConfigOf({ ...OWNER_AND_KEY, ...values })!);
}

Deno.test("a remote configuration lies below the files or blobs, or on the platform, which goes before", () => {
  assert.equal(textOf(FILES), "mail/config/acme/prod.json");
  assert.equal(textOf(AZURE), "az://acct/container/a/b/config/acme/prod.json");
  const onPlatform = "https://acme.reinfer.io/api/v1/appliance-configs/acme/prod";
  assert.equal(textOf(PLATFORM), onPlatform);
  assert.equal(textOf({ ...AZURE, ...PLATFORM }), onPlatform);
  assert.equal(textOf({ ...FILES, ...PLATFORM }), onPlatform);
  const cloud = new URL("https://cloud.uipath.com/org/tenant/reinfer_");
  assert.equal(
    textOf({ "reinfer-api-endpoint": cloud }),
    "https://cloud.uipath.com/org/tenant/reinfer_/api/v1/appliance-configs/acme/prod",
  );
  assert.equal(remoteConfigOf(FILES), undefined);
});

Deno.test("config pull and config push need a name and a place, and a token for the platform", () => {
  assert.equal(remoteConfigConflicts({}, undefined).length, 2);
  assert.deepEqual(remoteConfigConflicts({ ...OWNER_AND_KEY, ...FILES }, undefined), []);
  const platform = { ...OWNER_AND_KEY, ...PLATFORM };
  assert.match(remoteConfigConflicts(platform, undefined)[0] ?? "", /needs .* REINFER_API_TOKEN/);
  assert.deepEqual(remoteConfigConflicts(platform, "REINFER_API_TOKEN"), []);
  const at = remoteConfigOf({ ...OWNER_AND_KEY, ...FILES })!;
  assert.deepEqual(pullOptionsOf({ ...OWNER_AND_KEY, ...FILES, to: "c.json" }), {
    from: at,
    to: "c.json",
  });
  assert.deepEqual(configPushOptionsOf({ ...OWNER_AND_KEY, ...FILES }, "c.json"), {
    file: "c.json",
    to: at,
  });
});

Deno.test("push needs one place to read from, the platform to send to, and a token", () => {
  assert.equal(pushConflicts({}, undefined).length, 2);
  assert.match(pushConflicts({ ...FILES, ...AZURE, ...PLATFORM }, "T")[0] ?? "", /excludes/);
  assert.match(pushConflicts({ ...FILES, ...PLATFORM }, undefined)[0] ?? "", /REINFER_API_TOKEN/);
  assert.deepEqual(pushConflicts({ ...FILES, ...PLATFORM }, "T"), []);
  const instant = new Date("2024-01-01T00:00:00Z");
  const since = { instant, offsetAssumed: false };
  assert.deepEqual(
    pushOptionsOf({ ...AZURE, ...PLATFORM, since, mailbox: "a@b.c", "dry-run": true }),
    {
      from: { kind: "azure", location: AZURE["private-file-prefix"] },
      destination: {
        kind: "platform",
        endpoint: PLATFORM["reinfer-api-endpoint"],
        privatePrefix: "/api/_private",
      },
      dryRun: true,
      mailbox: "a@b.c",
      since: instant,
      debugLevel: 1,
    },
  );
});

Deno.test("push and export may take their configuration from a remote place, which is the platform for push", () => {
  const remote = { ...FILES, ...OWNER_AND_KEY };
  assert.equal(pushOptionsOf({ ...remote, ...PLATFORM }).remoteConfig?.place.kind, "platform");
  const { configFile, remoteConfig } = exportOptionsOf({ ...remote, to: "out", config: "c.json" });
  assert.deepEqual([configFile, remoteConfig?.place.kind], ["c.json", "local"]);
});

Deno.test("export needs one place to read from, and a folder to write to", () => {
  assert.equal(exportConflicts({}).length, 2);
  assert.deepEqual(exportConflicts({ ...FILES, to: "out" }), []);
  assert.deepEqual(exportOptionsOf({ ...FILES, to: "out", force: true }), {
    destination: { kind: "local", prefix: "mail" },
    to: "out",
    force: true,
    debugLevel: 1,
  });
});
