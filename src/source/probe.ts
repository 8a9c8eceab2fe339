import type { CallOptions } from "../core/env.ts";
import type { Mailbox } from "../core/mailbox.ts";

/** One harmless request that shows whether a mailbox answers; rejects if not. */
export type Probe = (mailbox: Mailbox, options: CallOptions) => Promise<void>;
