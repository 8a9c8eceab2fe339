import { join } from "node:path";

/** A program named `az` on a `PATH` of its own. Gone when disposed. */
export interface FakeAzureCli extends AsyncDisposable {
  /** `PATH`. */
  readonly path: string;
  /** How it was called so far: all arguments on one line each. */
  calls(): Promise<readonly string[]>;
}

/** Makes one that prints this access token, as somebody has signed in with it. */
export async function fakeAzureCli(accessToken: string): Promise<FakeAzureCli> {
  const folder = await Deno.makeTempDir({ prefix: "reinfer-ews-az-" });
  const calls = join(folder, "calls");
  const answer = join(folder, "answer.json");
  const expires_on = Math.floor(Date.now() / 1000) + 3600;
  await Deno.writeTextFile(calls, "");
  await Deno.writeTextFile(
    answer,
    JSON.stringify({ accessToken, expires_on, tokenType: "Bearer" }),
  );
  const script = `#!/bin/sh\necho "$*" >> "${calls}"\nexec /bin/cat "${answer}"\n`;
  await Deno.writeTextFile(join(folder, "az"), script, { mode: 0o755 });
  return {
    path: folder,
    calls: async () => (await Deno.readTextFile(calls)).split("\n").filter(Boolean),
    [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }),
  };
}
