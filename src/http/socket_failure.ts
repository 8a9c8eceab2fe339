import type { Leg } from "./network_error.ts";

/** A socket that did not come about, before it is known why. */
export class SocketFailure extends Error {
  override readonly name = "SocketFailure";

  /** `reason` is what the socket failed with; absent where the peer just closed. */
  constructor(
    readonly leg: Leg,
    readonly inHandshake: boolean,
    readonly reason: Error | undefined,
  ) {
    super("A socket failed before it was established", { cause: reason });
  }
}
