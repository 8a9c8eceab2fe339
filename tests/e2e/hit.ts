import type { SimulatedExchange } from "../exchange/simulated_exchange.ts";
import { type RunningAppliance, spawnAppliance } from "./appliance.ts";

/** What to start, and when to hit it. */
export interface Hit {
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Different emails that have left the server by then; if they have already: at first contact. */
  readonly emailsServed: number;
  readonly signal: Deno.Signal;
}

/** Starts the appliance and hits it with a signal once so many emails have been served. */
export async function hit(
  exchange: SimulatedExchange,
  { args, env, emailsServed, signal }: Hit,
): Promise<RunningAppliance> {
  const running = spawnAppliance(args, env);
  const { promise: reached, resolve } = Promise.withResolvers<void>();
  exchange.intercept = (_request, next) => {
    if (exchange.ledger.totals().emailsServed >= emailsServed) resolve();
    return next();
  };
  await reached;
  exchange.intercept = undefined;
  running.kill(signal);
  return running;
}
