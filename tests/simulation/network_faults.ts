/** What can happen to a request on its way. */
export const NETWORK_FAULTS = [
  "reset before",
  "reset after",
  "cut short",
  "unavailable",
  "html",
  "slow",
] as const;

export type NetworkFault = (typeof NETWORK_FAULTS)[number];
