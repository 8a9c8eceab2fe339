import { fileURLToPath } from "node:url";

/** Azure's storage emulator in a process of its own, on a free port of this machine. */
export interface Azurite extends AsyncDisposable {
  /** Of the account, without a final slash: the emulator names it in the path. */
  readonly endpoint: string;
}

export interface AzuriteOptions {
  /** Files in PEM; with them it speaks TLS, and takes access tokens whose claims are in order. */
  readonly tls?: { readonly certificate: string; readonly key: string };
}

/** The account and key of the emulator, which Microsoft publishes. */
export const ACCOUNT = "devstoreaccount1";
export const ACCOUNT_KEY =
  "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

const MAIN = fileURLToPath(
  new URL("../../node_modules/azurite/dist/src/blob/main.js", import.meta.url),
);

/** Starts it; what it stores is in its memory, and gone with it. */
export async function startAzurite({ tls }: AzuriteOptions = {}): Promise<Azurite> {
  const folder = await Deno.makeTempDir();
  const args = ["run", "--quiet", "--no-config", "--node-modules-dir=manual", "--allow-all", MAIN];
  const options = [
    "--inMemoryPersistence",
    "--disableTelemetry",
    "--silent",
    "--skipApiVersionCheck",
    "--blobPort",
    "0",
  ];
  const secure = tls ? ["--oauth", "basic", "--cert", tls.certificate, "--key", tls.key] : [];
  const child = new Deno.Command(Deno.execPath(), {
    args: [...args, ...options, ...secure],
    cwd: folder,
    stdin: "null",
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const origin = await announced(reader);
  // It would stop for want of a reader.
  const drained = drain(reader);
  return {
    endpoint: `${origin.replace("127.0.0.1", "localhost")}/${ACCOUNT}`,
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await child.status;
      await drained;
      await Deno.remove(folder, { recursive: true });
    },
  };
}

/** Starts it for all tests of a file; it ends with them. */
export async function azuriteOfFile(options: AzuriteOptions = {}): Promise<Azurite> {
  const azurite = await startAzurite(options);
  Deno.test.afterAll(async () => {
    await azurite[Symbol.asyncDispose]();
  });
  return azurite;
}

async function announced(reader: ReadableStreamDefaultReader<string>): Promise<string> {
  let text = "";
  for (;;) {
    const { value } = await reader.read();
    if (value === undefined) throw new Error(`Azurite ended before it listened: ${text}`);
    text += value;
    const [, origin] = /listens on (\S+)/.exec(text) ?? [];
    if (origin !== undefined) return origin;
  }
}

async function drain(reader: ReadableStreamDefaultReader<string>): Promise<void> {
  while (!(await reader.read()).done) { /* nobody needs to know */ }
}
