import assert from "node:assert/strict";
import { join } from "node:path";
import { SimulatedPlatform } from "../platform/simulated_platform.ts";
import { assertPresentable, runAppliance } from "./appliance.ts";
import { platformCustomer } from "./platform_customer.ts";
import {
  BUCKET,
  emailsOn,
  exchangeWithMail,
  push,
  pushTo,
  syncedToFiles,
  uniqueIds,
} from "./stored_mail.ts";

Deno.test("files that are exported are lines of what the platform would have been sent", async () => {
  await using exchange = await exchangeWithMail();
  await using set = await platformCustomer(exchange);
  const files = await syncedToFiles(set);
  const { configFile, prefix, folder } = set.customer;
  const to = join(folder, "lines");
  const args = ["export", "--config", configFile, "--local-files-prefix", prefix, "--to", to];
  const run = await runAppliance(args);
  assert.equal(run.code, 0, run.stderr);
  assertPresentable(run, ["Pässwörd 1!"]);
  const text = await Deno.readTextFile(join(to, "owner/bucket.jsonl"));
  const lines = text.split("\n").slice(0, -1).map((line) => JSON.parse(line));
  assert.equal(lines.length, files.length);
  await using platform = new SimulatedPlatform({ buckets: [BUCKET] });
  assert.equal((await push(set, pushTo(set, platform))).code, 0);
  const pushed = emailsOn(platform);
  const ids = new Set(uniqueIds(files));
  for (const line of lines.filter(({ id }) => ids.has(id))) {
    const { mime, mimeSha256: _, mimeSizeBytes: __, ...rest } = pushed.get(line.id)!;
    assert.deepEqual(line, { ...rest, mime_content: mime });
  }
  const again = await runAppliance(args);
  assert.equal(again.code, 2);
  assert.match(again.stderr, /bucket\.jsonl" is there already .*--force/);
});
