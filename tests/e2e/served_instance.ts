import type { StatusDocument } from "../../src/status/status_document.ts";
import { type RunningAppliance, spawnAppliance } from "./appliance.ts";
import type { Customer } from "./customer.ts";

/** An answer, read to its end. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

/** A running instance that serves its status. */
export interface ServedInstance extends AsyncDisposable {
  readonly url: URL;
  readonly run: RunningAppliance;
  get(path: string, init?: RequestInit): Promise<Answer>;
  status(query?: string): Promise<StatusDocument>;
  /** Resolves once the status is so. */
  until(isSo: (status: StatusDocument) => boolean, query?: string): Promise<StatusDocument>;
}

/** A condition that does not come within this has failed, ms. */
const WAIT_MS_MAX = 60_000;

/** Starts the compiled binary on a customer's configuration with any free port of loopback. */
export async function serveInstance(
  customer: Customer,
  ...more: readonly string[]
): Promise<ServedInstance> {
  const run = spawnAppliance([...customer.run, "--bind", "127.0.0.1:0", ...more]);
  try {
    const line = await run.logged(({ msg }) => msg === "Serving health, metrics and status.");
    return servedAt(new URL(String(line.url)), run);
  } catch (error) {
    await run[Symbol.asyncDispose]();
    throw error;
  }
}

function servedAt(url: URL, run: RunningAppliance): ServedInstance {
  const get = async (path: string, init?: RequestInit) => {
    const response = await fetch(new URL(path, url), init);
    const { status, headers } = response;
    return { status, headers, text: await response.text() };
  };
  const status = async (query = "") => JSON.parse((await get(`status.json?${query}`)).text);
  return {
    url,
    run,
    get,
    status,
    until: async (isSo, query) => {
      const endMs = performance.now() + WAIT_MS_MAX;
      for (;;) {
        const document: StatusDocument = await status(query);
        if (isSo(document)) return document;
        if (performance.now() > endMs) throw new Error(`Not so: ${JSON.stringify(document)}`);
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    },
    [Symbol.asyncDispose]: () => run[Symbol.asyncDispose](),
  };
}
