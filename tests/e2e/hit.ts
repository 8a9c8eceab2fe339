import type { HttpAnswer } from "../exchange/http_server.ts";
import type { Ledger } from "../exchange/ledger.ts";
import { type RunningAppliance, spawnAppliance } from "./appliance.ts";

/** A server of mail, over any protocol. */
export interface MailServer {
  readonly ledger: Ledger;
  intercept:
    | ((request: never, next: () => HttpAnswer) => HttpAnswer | Promise<HttpAnswer>)
    | undefined;
}

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
  server: MailServer,
  { args, env, emailsServed, signal }: Hit,
): Promise<RunningAppliance> {
  const running = spawnAppliance(args, env);
  const { promise: reached, resolve } = Promise.withResolvers<void>();
  server.intercept = (_request, next) => {
    if (server.ledger.totals().emailsServed >= emailsServed) resolve();
    return next();
  };
  await reached;
  server.intercept = undefined;
  running.kill(signal);
  return running;
}
