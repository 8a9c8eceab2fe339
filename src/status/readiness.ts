import type { SyncError } from "../core/errors.ts";
import type { StatusBoard, TimedServicePhase } from "./status_board.ts";

/** One reason why the service is not ready. */
export interface NotReady {
  /** What does not work (yet). */
  readonly what: "configuration" | "destination" | "sign-in" | "service";
  readonly code: string;
  /** A sentence without a full stop. */
  readonly reason: string;
  readonly hint?: string;
  readonly since: Date;
  /** When it is tried again, or the process ends. */
  readonly until?: Date;
}

/**
 * Why the service is not ready (spec section 8): configuration, destination and sign-in must work.
 * Mailboxes that fail for their own reasons are no such reason. Empty: it is ready.
 */
export function notReadyBecause(board: StatusBoard, now: Date): readonly NotReady[] {
  const { destinationTrouble: trouble } = board;
  const starting = serviceReason(board);
  if (starting) return [starting];
  const refusal = board.life?.signInRefusal();
  return [
    ...(trouble ? [reasonOf("destination", trouble.error, trouble)] : []),
    ...(refusal ? [refusalReason(refusal, now)] : []),
  ];
}

function serviceReason({ service }: StatusBoard): NotReady | undefined {
  const { name } = service;
  switch (name) {
    case "running":
      return undefined;
    case "configuring":
      return plain("configuration", "ConfigurationAwaited", "There is no configuration yet");
    case "checking-destination":
      return plain("destination", "DestinationChecked", "The destination is looked at");
    case "signing-in":
      return service.error
        ? reasonOf("sign-in", service.error, service)
        : plain("sign-in", "SigningIn", "Exchange is being reached for the first time");
    case "restarting":
    case "ending":
      return reasonOf(failedPart(service), service.error, service);
    case "stopping":
      return plain("service", "Stopping", "The service stops");
  }
  function plain(what: NotReady["what"], code: string, reason: string): NotReady {
    return { what, code, reason, since: service.since };
  }
}

/** What it was that ended a life, as far as its failure tells. */
function failedPart({ error, after }: TimedServicePhase & { readonly error: SyncError }) {
  if (error.kind === "destination") return "destination";
  return after === "signing-in" ? "sign-in" : "service";
}

/** Nothing is known of when it was refused; it is not tried again before its delay is over. */
function refusalReason(refusal: SyncError, now: Date): NotReady {
  const until = new Date(now.getTime() + (refusal.retryAfterMs ?? 0));
  return reasonOf("sign-in", refusal, { since: now, until });
}

function reasonOf(
  what: NotReady["what"],
  { code, message, hint }: SyncError,
  { since, until }: { readonly since: Date; readonly until?: Date },
): NotReady {
  return {
    what,
    code,
    reason: message,
    since,
    ...(hint ? { hint } : {}),
    ...(until ? { until } : {}),
  };
}
