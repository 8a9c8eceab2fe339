import type { SyncError } from "../core/errors.ts";

/** What the service as a whole is doing; each phase carries exactly its own data. */
export type ServicePhase =
  /** The configuration is waited for. */
  | { readonly name: "configuring" }
  /** The destination is looked at for the first time in this life. */
  | { readonly name: "checking-destination" }
  /** Exchange is reached and signed in to for the first time in this life. */
  | { readonly name: "signing-in"; readonly error?: SyncError; readonly delayMs?: number }
  | { readonly name: "running" }
  /** A life ended for that failure; the next begins after the delay. */
  | { readonly name: "restarting"; readonly error: SyncError; readonly delayMs: number }
  /** The process ends for that failure after the delay. */
  | { readonly name: "ending"; readonly error: SyncError; readonly delayMs: number }
  | { readonly name: "stopping" };

/** Watches the service, as `Observer` watches the engine within it. */
export interface ServiceWatcher {
  servicePhaseChanged(phase: ServicePhase): void;
}
