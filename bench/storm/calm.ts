import { join } from "node:path";
import { systemClock } from "../../src/runtime/system.ts";
import { compare, type Comparison } from "./comparison.ts";
import type { ExchangeMail } from "./exchange_process.ts";
import type { SoakFindings } from "./report.ts";
import type { Scene } from "./scene.ts";
import type { FaultTotals } from "./sinks.ts";
import { skippedIn } from "./skips.ts";

/** What backs off for minutes when the storm ends is waited for. */
const CONVERGED_MS_MAX = 360_000;
const LOOK_EVERY_MS = 2_000;
/** Emails with other bytes that are kept to be looked at. */
const EVIDENCE_MAX = 5;

/** Nothing fails any more: waits until all is there, tries what was skipped, and compares. */
export async function calm(scene: Scene): Promise<SoakFindings> {
  const { options, exchange, sink, appliance, kills, runArgs, verifyArgs } = scene;
  await exchange.call("calm");
  await sink.server?.process.call("calm");
  const convergedAfterS = await converged(scene);
  const skippedAtCalm = await skippedIn(sink.stateDir);
  await appliance.stop();
  const problems: string[] = [];
  const rest = await appliance.runOnce([...runArgs, "--once", "--retry-skipped"]);
  if (rest !== 0) problems.push(`What was skipped could not be had: exit code ${rest}`);
  if (sink.isVerifiable) {
    const verified = await appliance.runOnce(verifyArgs);
    if (verified !== 0) problems.push(`verify: exit code ${verified}`);
  }
  const ofExchange = await exchange.call<ExchangeTotals>("totals");
  const ofSink = await sink.server?.process.call<FaultTotals>("totals");
  const { seed, minutes } = options;
  const mail = await compared(scene);
  await keepEvidence(scene, mail);
  return {
    ...{ seed, minutes, sink: options.sink, kills, skippedAtCalm },
    faults: { Exchange: ofExchange.met, ...(ofSink ? { "the platform": ofSink.met } : {}) },
    life: ofExchange.life,
    mail,
    fetched: ofExchange.ledger.mimeServed,
    backoffs: {
      asked: ofExchange.asked + (ofSink?.asked ?? 0),
      broken: [...ofExchange.broken, ...ofSink?.broken ?? []],
    },
    memory: appliance.lives.map(({ memory }) => memory),
    ...(convergedAfterS === undefined ? {} : { convergedAfterS }),
    problems: [...problems, ...appliance.problems],
  };
}

/** Writes down what is stored with other bytes: the platform of the soak ends with it. */
async function keepEvidence({ options, sink }: Scene, { wrong }: Comparison): Promise<void> {
  for (const [at, id] of wrong.slice(0, EVIDENCE_MAX).entries()) {
    const content = await sink.content?.(id);
    if (content) await Deno.writeTextFile(join(options.folder, `wrong-${at + 1}.eml`), content);
  }
}

interface ExchangeTotals extends FaultTotals {
  readonly life: Readonly<Record<string, number>>;
  readonly ledger: { readonly mimeServed: number };
}

/** Seconds until everything is there that is not on the record of skips; nothing: not in time. */
async function converged(scene: Scene): Promise<number | undefined> {
  const startedMs = systemClock.monotonicMs();
  const forever = { signal: new AbortController().signal };
  for (;;) {
    const { lost, wrong } = await compared(scene);
    const tookMs = systemClock.monotonicMs() - startedMs;
    const isThere = lost.length + wrong.length <= await skippedIn(scene.sink.stateDir);
    if (isThere) return Math.round(tookMs / 1_000);
    if (tookMs > CONVERGED_MS_MAX) return undefined;
    await systemClock.sleep(LOOK_EVERY_MS, forever);
  }
}

async function compared({ exchange, sink }: Scene): Promise<Comparison> {
  return compare(await exchange.call<ExchangeMail>("mail"), await sink.mail(), sink);
}
