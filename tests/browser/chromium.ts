import { join } from "node:path";
import type { DebianPackages } from "../../scripts/debian_packages.ts";
import { BrowserPage } from "./browser_page.ts";
import { Devtools } from "./devtools.ts";

/** A headless Chromium, ended when disposed. */
export interface Chromium extends AsyncDisposable {
  /** A tab of its own, without cookies and cache of others. */
  newPage(): Promise<BrowserPage>;
}

export interface ChromiumOptions {
  /** Names that mean another address, as in `MAP evil.example 127.0.0.1`. */
  readonly hostRules?: string;
}

export async function startChromium(
  packages: DebianPackages,
  { hostRules }: ChromiumOptions = {},
): Promise<Chromium> {
  await using start = new AsyncDisposableStack();
  const profile = await Deno.makeTempDir({ prefix: "reinfer-ews-browser-" });
  start.defer(() => Deno.remove(profile, { recursive: true }));
  const child = new Deno.Command(await packages.pathOf("/usr/lib/chromium/chromium"), {
    args: [
      "--headless=new",
      "--no-sandbox",
      "--disable-gpu",
      "--disable-dev-shm-usage",
      "--no-first-run",
      "--remote-debugging-port=0",
      `--user-data-dir=${profile}`,
      ...(hostRules === undefined ? [] : [`--host-resolver-rules=${hostRules}`]),
      "about:blank",
    ],
    env: {
      HOME: profile,
      LD_LIBRARY_PATH: packages.libraryPath("pulseaudio"),
      FONTCONFIG_FILE: await writeFontConfig(packages, profile),
    },
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).spawn();
  start.defer(async () => {
    try {
      child.kill("SIGKILL");
    } catch {
      // It has ended.
    }
    await child.status;
  });
  const { url, drained } = await devtoolsUrl(child.stderr);
  start.defer(() => drained);
  const devtools = start.use(await Devtools.connect(url));
  const ended = start.move();
  return {
    newPage: () => BrowserPage.open(devtools),
    [Symbol.asyncDispose]: async () => {
      await devtools.send("Browser.close").catch(() => undefined);
      await ended.disposeAsync();
    },
  };
}

/** The fonts of the packages, and one for whatever family a page asks for in vain. */
async function writeFontConfig(packages: DebianPackages, folder: string): Promise<string> {
  const path = join(folder, "fonts.conf");
  const fonts = await packages.pathOf("/usr/share/fonts");
  const config = `<fontconfig>
    <dir>${fonts}</dir>
    <cachedir>${folder}/fonts</cachedir>
    <match target="pattern">
      <edit name="family" mode="append_last"><string>Liberation Sans</string></edit>
    </match>
  </fontconfig>`;
  await Deno.writeTextFile(path, config);
  return path;
}

/** Chromium says on standard error where its DevTools are; whatever follows is read and dropped. */
async function devtoolsUrl(
  stderr: ReadableStream<Uint8Array>,
): Promise<{ readonly url: string; readonly drained: Promise<void> }> {
  const reader = stderr.pipeThrough(new TextDecoderStream()).getReader();
  let said = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) throw new Error(`Chromium has ended: ${said}`);
    said += value;
    const url = /DevTools listening on (ws:\S+)/.exec(said)?.[1];
    if (url === undefined) continue;
    const drained = (async () => {
      while (!(await reader.read()).done);
    })();
    return { url, drained };
  }
}
