/** The simulated platform of a storm as a process of its own: it fails when it is told to. */
import { systemClock } from "../../src/runtime/system.ts";
import { seededEntropy } from "../../tests/exchange/seeded_entropy.ts";
import type { LedgerEmail } from "../../tests/platform/platform_ledger.ts";
import { SimulatedPlatform } from "../../tests/platform/simulated_platform.ts";
import { serveCommands } from "./commands.ts";
import type { StoredMail } from "./comparison.ts";
import { FaultyPlatform, type PlatformFaultKind } from "./faulty_platform.ts";

/** What is said once it can be reached. */
export interface PlatformReady {
  readonly port: number;
  readonly token: string;
}

/** Whom the buckets belong to; there is one for each mailbox. */
export const BUCKET_OWNER = "soak";

/** The field in the header of what is made of properties and attachments (spec section 3). */
const REBUILT = /^X-Reinfer-Ews-Rebuilt:/im;

function storedMailOf({ mailbox, id, mimeSha256, stores, mime = "" }: LedgerEmail): StoredMail {
  const [head = ""] = mime.split(/\r?\n\r?\n/, 1);
  return { mailbox, id, sha256: mimeSha256, stores, isRebuilt: REBUILT.test(head) };
}

if (import.meta.main) {
  const [seed = "1", ...names] = Deno.args;
  const buckets = names.map((name) => ({ owner: BUCKET_OWNER, name }));
  await using platform = new SimulatedPlatform({ buckets });
  const faulty = new FaultyPlatform(systemClock, seededEntropy(Number(seed) + 3));
  platform.intercept = faulty.intercept;
  const ready: PlatformReady = {
    port: Number(new URL(platform.endpoint).port),
    token: platform.token,
  };
  await serveCommands(ready, {
    fault: (kind: PlatformFaultKind) => faulty.due(kind),
    forget: () => faulty.watch.forget(),
    calm: () => faulty.calm(),
    mail: () =>
      [...platform.buckets.values()].flatMap(({ id }) => platform.ledger.of(id)).map(storedMailOf),
    content: (wanted: string) =>
      [...platform.buckets.values()].flatMap(({ id }) => platform.ledger.of(id))
        .find(({ id }) => id === wanted)?.mime,
    totals: () => ({
      met: faulty.met,
      asked: faulty.watch.asked,
      broken: faulty.watch.broken,
      ledger: platform.ledger.totals(),
    }),
  });
}
