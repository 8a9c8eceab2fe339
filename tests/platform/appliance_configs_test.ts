import assert from "node:assert/strict";
import { SyncError } from "../../src/core/errors.ts";
import { Secret } from "../../src/core/secret.ts";
import { undiciCase } from "../../src/http/testing/undici_case.ts";
import { readApplianceConfig, writeApplianceConfig } from "../../src/platform/appliance_configs.ts";
import { openPlatform } from "../../src/platform/platform_destination.ts";
import { platformEndpointOf } from "../../src/platform/platform_endpoint.ts";
import { systemEntropy } from "../../src/runtime/system.ts";
import { quietEnv } from "../contract/quiet_env.ts";
import { hastyClock } from "./platform_subject.ts";
import { SimulatedPlatform } from "./simulated_platform.ts";

const { signal } = new AbortController();
const NAME = { owner: "acme", key: "ews.prod" };
const CONFIG = '{"mailboxes": {"späm@example.com": {}}}\n--reinfer-ews-config--\r\n';

async function withPlatform(
  platform: SimulatedPlatform,
  act: (client: ReturnType<typeof openPlatform>["client"]) => Promise<void>,
): Promise<void> {
  const { env: { log } } = quietEnv();
  await using access = openPlatform({
    endpoint: platformEndpointOf(platform.endpoint),
    token: new Secret(platform.token),
    env: { clock: hastyClock(), entropy: systemEntropy, log },
  });
  await act(access.client);
}

for (const configsAt of ["documented", "private"] as const) {
  undiciCase(
    `a configuration at the ${configsAt} address comes back as it was stored`,
    async () => {
      await using platform = new SimulatedPlatform({ basePath: "/org/tenant/reinfer_" });
      platform.configsAt = configsAt;
      await withPlatform(platform, async (client) => {
        await assert.rejects(
          readApplianceConfig(client, NAME, { signal }),
          (thrown) => thrown instanceof SyncError && thrown.code === "PlatformConfigMissing",
        );
        await writeApplianceConfig(client, NAME, CONFIG, { signal });
        assert.equal(await readApplianceConfig(client, NAME, { signal }), CONFIG);
      });
      assert.equal(platform.configs.get("acme/ews.prod"), CONFIG);
    },
  );
}

undiciCase("a configuration that may not be read names the permission", async () => {
  await using platform = new SimulatedPlatform();
  platform.intercept = () => ({ kind: "status", status: 403 });
  await withPlatform(platform, async (client) => {
    await assert.rejects(
      readApplianceConfig(client, NAME, { signal }),
      (thrown) =>
        thrown instanceof SyncError && thrown.kind === "destination" &&
        /appliance-config-read/.test(thrown.hint ?? ""),
    );
  });
});
