import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const SOAK = fileURLToPath(new URL("../../bench/soak.ts", import.meta.url));

interface Findings {
  readonly kills: Readonly<Record<string, number>>;
  readonly faults: Readonly<Record<string, Readonly<Record<string, number>>>>;
  readonly mail: { readonly expected: number };
  readonly wrong: readonly string[];
}

/** A soak of one minute; what it found, and what it said. */
async function soaked(sink: string, seed: number) {
  const folder = await Deno.makeTempDir({ prefix: "reinfer-ews-soak-" });
  try {
    const json = join(folder, "found.json");
    const flags = { minutes: 1, seed, sink, json, dir: join(folder, "soak") };
    const args = Object.entries(flags).map(([name, value]) => `--${name}=${value}`);
    const { stdout } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "--quiet", "--cached-only", "--no-check", "--allow-all", SOAK, ...args],
      stderr: "inherit",
    }).output();
    const findings = JSON.parse(await Deno.readTextFile(json)) as Findings;
    return { findings, text: new TextDecoder().decode(stdout) };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

for (const [sink, seed] of [["platform", 1], ["local", 2]] as const) {
  Deno.test(`a minute of faults, kills and changes on the way to ${sink} loses nothing and stores nothing wrong`, async () => {
    const { findings, text } = await soaked(sink, seed);
    assert.deepEqual(findings.wrong, [], text);
    assert.ok(findings.mail.expected > 400, text);
    for (const [who, kills] of Object.entries(findings.kills)) assert.ok(kills > 0, who);
    for (const [server, met] of Object.entries(findings.faults)) {
      assert.ok(Object.keys(met).length >= 3, `${server}: ${text}`);
    }
  });
}
