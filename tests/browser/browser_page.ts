import type { Devtools, DevtoolsEvent, Params } from "./devtools.ts";

export interface View {
  /** CSS pixels. */
  readonly width: number;
  readonly height?: number;
  readonly scheme?: "dark" | "light";
}

/** A condition that does not come within this has failed, ms. */
const WAIT_MS_MAX = 20_000;
const POLL_MS = 50;

/** One tab, driven as a person would: by its address, keys and eyes. */
export class BrowserPage {
  readonly #devtools: Devtools;
  readonly #sessionId: string;
  /** What the console, the network and the content security policy complained of. */
  readonly complaints: string[] = [];
  readonly requests: string[] = [];

  private constructor(devtools: Devtools, sessionId: string) {
    this.#devtools = devtools;
    this.#sessionId = sessionId;
    devtools.listen(sessionId, (event) => this.#note(event));
  }

  static async open(devtools: Devtools): Promise<BrowserPage> {
    const { browserContextId } = await devtools.send("Target.createBrowserContext");
    const { targetId } = await devtools.send("Target.createTarget", {
      url: "about:blank",
      browserContextId,
    });
    const { sessionId } = await devtools.send("Target.attachToTarget", { targetId, flatten: true });
    const page = new BrowserPage(devtools, String(sessionId));
    for (const domain of ["Page", "Runtime", "Log", "Network"]) await page.send(`${domain}.enable`);
    return page;
  }

  send(method: string, params?: Params): Promise<Params> {
    return this.#devtools.send(method, params, this.#sessionId);
  }

  async look({ width, height = 900, scheme = "light" }: View): Promise<void> {
    await this.send("Emulation.setDeviceMetricsOverride", {
      width,
      height,
      deviceScaleFactor: 1,
      mobile: width < 600,
    });
    await this.send("Emulation.setEmulatedMedia", {
      features: [{ name: "prefers-color-scheme", value: scheme }],
    });
  }

  async goto(url: string | URL): Promise<void> {
    const { errorText } = await this.send("Page.navigate", { url: String(url) });
    if (errorText !== undefined) throw new Error(`${url}: ${errorText}`);
  }

  /** The value of an expression in the page; promises are waited for. */
  async evaluate<T>(expression: string): Promise<T> {
    const { result, exceptionDetails } = await this.send("Runtime.evaluate", {
      expression,
      awaitPromise: true,
      returnByValue: true,
    });
    if (exceptionDetails) throw new Error(JSON.stringify(exceptionDetails));
    return (result as { readonly value: T }).value;
  }

  /** Resolves once an expression is true in the page. */
  async until(expression: string): Promise<void> {
    const endMs = performance.now() + WAIT_MS_MAX;
    while (!await this.evaluate<boolean>(`Boolean(${expression})`)) {
      if (performance.now() > endMs) {
        throw new Error(`Not so after ${WAIT_MS_MAX} ms: ${expression}\n${await this.text()}`);
      }
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }

  /** What can be read on the page. */
  text(): Promise<string> {
    return this.evaluate("document.body?.innerText ?? ''");
  }

  /** Resolves once that can be read on the page. */
  reads(text: string): Promise<void> {
    return this.until(`document.body?.innerText.includes(${JSON.stringify(text)})`);
  }

  /** Presses and releases one key, by its name in the UI Events specification. */
  async press(key: "Tab" | "Enter" | "ArrowDown", { shift = false } = {}): Promise<void> {
    const windowsVirtualKeyCode = { Tab: 9, Enter: 13, ArrowDown: 40 }[key];
    const event = { key, code: key, windowsVirtualKeyCode, modifiers: shift ? 8 : 0 };
    const text = key === "Enter" ? { text: "\r" } : {};
    await this.send("Input.dispatchKeyEvent", { type: "keyDown", ...event, ...text });
    await this.send("Input.dispatchKeyEvent", { type: "keyUp", ...event });
  }

  async type(text: string): Promise<void> {
    await this.send("Input.insertText", { text });
  }

  /** A PNG of the whole page, or of what the window shows of it. */
  async screenshot({ whole = true } = {}): Promise<Uint8Array> {
    const { data } = await this.send("Page.captureScreenshot", { captureBeyondViewport: whole });
    return Uint8Array.from(atob(String(data)), (character) => character.charCodeAt(0));
  }

  #note({ method, params }: DevtoolsEvent): void {
    if (method === "Network.requestWillBeSent") {
      this.requests.push(String((params.request as { readonly url: string }).url));
    }
    if (method === "Runtime.exceptionThrown" || method === "Log.entryAdded") {
      this.complaints.push(JSON.stringify(params));
    }
    if (method === "Runtime.consoleAPICalled") this.complaints.push(JSON.stringify(params));
  }
}
