/** What has to hold whatever happens (`docs/architecture.md`, "The simulation"). */
export const PROPERTIES = {
  P1: "complete: every email that stayed is delivered, or on the record of skips",
  P2: "genuine: every delivered email is one the mailbox had, with the bytes the server answered",
  P3: "repeatable: what is delivered twice leaves one email, under its own key",
  P4: "honest: no state is ahead of what is settled, at any moment",
  P5: "exact: on the record are those emails that cannot be read, and no others",
  P6: "alive: once it is calm, nothing ends by itself and a new email arrives within a few polls",
  P7: "polite: no request before the time that a busy server named",
  P8: "bounded: no more requests of a mailbox at a time than the server grants",
  P9: "silent: no secret and no content in the log",
} as const;

export type Property = keyof typeof PROPERTIES;

/** A property that does not hold, and where that was seen. */
export interface Violation {
  readonly property: Property;
  readonly details: string;
}
