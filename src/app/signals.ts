import type { Logger } from "../core/env.ts";
import type { StopController } from "../sync/stop.ts";

const STOPPING = ["SIGTERM", "SIGINT"] as const;

/** What a shell expects of a process that was ended by a second signal. */
const EXIT_CODE_OF_SIGNAL = { SIGTERM: 143, SIGINT: 130 } as const;

/** The first SIGTERM or SIGINT begins a stop, the second ends the process at once (spec section 7). */
export function listenToSignals(stop: StopController, log: Logger): Disposable {
  const listeners = STOPPING.map((signal) => {
    const listener = () => {
      if (stop.begun.aborted) Deno.exit(EXIT_CODE_OF_SIGNAL[signal]);
      log.info("Stopping; a second signal ends at once.", { signal });
      stop.begin();
    };
    Deno.addSignalListener(signal, listener);
    return [signal, listener] as const;
  });
  return {
    [Symbol.dispose]: () => {
      for (const [signal, listener] of listeners) Deno.removeSignalListener(signal, listener);
    },
  };
}

/** Calls back at each SIGHUP, which otherwise ends the process, until it is disposed. */
export function onHangUp(listener: () => void): Disposable {
  Deno.addSignalListener("SIGHUP", listener);
  return { [Symbol.dispose]: () => Deno.removeSignalListener("SIGHUP", listener) };
}
