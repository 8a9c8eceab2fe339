import { join } from "node:path";
import { CONNECTION_STRING } from "../../tests/azure/azure_subject.ts";
import { ACCOUNT, startAzurite } from "../../tests/azure/azurite.ts";
import { BlobReader } from "../../tests/azure/blob_reader.ts";
import type { PlatformReady } from "../storm/platform_process.ts";
import { ServedProcess } from "../storm/served_process.ts";
import { bucketOf } from "../storm/sinks.ts";
import { BINARY, configuredAppliance } from "./appliance_config.ts";
import { type BenchScene, measuredSync } from "./bench_scene.ts";
import type { Figures } from "./figures.ts";

/** Where `local` left its files when it was run last. */
export function localFolder({ folders }: BenchScene): string {
  const folder = folders.get("local");
  if (folder === undefined) throw new Error("Local files are measured first");
  return folder;
}

/** The executable into local files. */
export async function local(scene: BenchScene): Promise<Figures> {
  const { args, env, folder } = await configuredAppliance(scene, "local");
  const destination = ["--local-files-prefix", join(folder, "mail")];
  return await measuredSync(scene, {
    program: BINARY,
    args: [...args, ...destination, "--once"],
    env,
  });
}

/** The executable into the simulated platform. */
export async function platform(scene: BenchScene): Promise<Figures> {
  const buckets = scene.exchange.ready.mailboxes.map((address) => bucketOf(address).name);
  await using server = await ServedProcess.start<PlatformReady>("platform_process.ts", [
    "1",
    ...buckets,
  ]);
  const { args, env, folder } = await configuredAppliance(scene, "platform");
  const endpoint = `http://127.0.0.1:${server.ready.port}/api/`;
  const destination = ["--reinfer-api-endpoint", endpoint, "--state-dir", join(folder, "state")];
  return await measuredSync(scene, {
    program: BINARY,
    args: [...args, ...destination, "--once"],
    env: { ...env, REINFER_API_TOKEN: server.ready.token },
  });
}

/** The executable into Azure's own emulator. */
export async function azurite(scene: BenchScene): Promise<Figures> {
  await using emulator = await startAzurite();
  using reader = new BlobReader(emulator.endpoint, "bench");
  await reader.createContainer();
  const { args, env } = await configuredAppliance(scene, "azurite");
  const destination = ["--private-file-prefix", `az://${ACCOUNT}/bench/mail`];
  return await measuredSync(scene, {
    program: BINARY,
    args: [...args, ...destination, "--once"],
    env: {
      ...env,
      AZURE_STORAGE_CONNECTION_STRING: CONNECTION_STRING,
      REINFER_EWS_AZURE_BLOB_ENDPOINT: emulator.endpoint,
    },
  });
}
