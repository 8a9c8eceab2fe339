import { join } from "node:path";
import { readDelivered } from "../../tests/e2e/customer.ts";
import type { BrokenBackoff } from "./backoff_watch.ts";
import type { StoredMail } from "./comparison.ts";
import { PLATFORM_FAULTS } from "./faulty_platform.ts";
import { FrontEnd } from "./front_end.ts";
import { BUCKET_OWNER, type PlatformReady } from "./platform_process.ts";
import { ServedProcess } from "./served_process.ts";

/** A destination that the appliance is run with. */
export interface StormSink extends AsyncDisposable {
  /** What its commands need to name it. */
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly secrets: readonly string[];
  /** Where the appliance's own record is. */
  readonly stateDir: string;
  /** Whether it stores any bytes as they are. */
  readonly isExact: boolean;
  /** Whether `verify` can look into it. */
  readonly isVerifiable: boolean;
  /** A server that can fail and be killed; absent: a disk. */
  readonly server?: SinkServer;
  mail(): Promise<readonly StoredMail[]>;
  /** What is stored under an id, where it does not lie in a file anyway. */
  content?(id: string): Promise<string | null>;
}

export interface SinkServer {
  readonly frontEnd: FrontEnd;
  readonly faults: readonly string[];
  readonly process: Pick<ServedProcess<unknown>, "call">;
}

/** What a process that fails says of itself. */
export interface FaultTotals {
  readonly met: Readonly<Record<string, number>>;
  readonly asked: number;
  readonly broken: readonly BrokenBackoff[];
}

/** Local files. */
export function localSink(folder: string): StormSink {
  const prefix = join(folder, "mail");
  return {
    args: ["--local-files-prefix", prefix],
    env: {},
    secrets: [],
    stateDir: join(prefix, "state"),
    isExact: true,
    isVerifiable: true,
    mail: async () =>
      (await readDelivered(prefix)).map(({ json: { mailbox, id, rebuilt = false }, sha256 }) => ({
        ...{ mailbox, id, sha256 },
        stores: 1,
        isRebuilt: rebuilt,
      })),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

/** The simulated platform behind a front end. */
export async function platformSink(
  folder: string,
  { seed, buckets }: { readonly seed: number; readonly buckets: readonly string[] },
): Promise<StormSink> {
  const disposables = new AsyncDisposableStack();
  const process = disposables.use(
    await ServedProcess.start<PlatformReady>("platform_process.ts", [`${seed}`, ...buckets]),
  );
  const frontEnd = disposables.use(await FrontEnd.start(process.ready.port));
  const stateDir = join(folder, "state");
  const endpoint = `http://127.0.0.1:${frontEnd.port}/api/`;
  return {
    args: ["--reinfer-api-endpoint", endpoint, "--state-dir", stateDir],
    env: { REINFER_API_TOKEN: process.ready.token },
    secrets: [process.ready.token],
    stateDir,
    isExact: false,
    isVerifiable: false,
    server: { frontEnd, faults: PLATFORM_FAULTS, process },
    mail: () => process.call<readonly StoredMail[]>("mail"),
    content: (id) => process.call<string | null>("content", id),
    [Symbol.asyncDispose]: () => disposables.disposeAsync(),
  };
}

/** The bucket of a mailbox. */
export function bucketOf(mailbox: string): { readonly owner: string; readonly name: string } {
  return { owner: BUCKET_OWNER, name: mailbox.replace(/@.*/, "") };
}
