import { z } from "zod";
import type { BackfillPosition, FolderPhase } from "../core/sync_state.ts";
import { present } from "./present.ts";
import { WireTime } from "./wire_time.ts";

const Position = z.object({
  received_at: WireTime.optional(),
  settled_at_that_time: z.int().min(0),
  last_item_id: z.string().optional(),
}).transform((wire): BackfillPosition =>
  present({
    receivedAt: wire.received_at,
    settledAtThatTime: wire.settled_at_that_time,
    lastItemId: wire.last_item_id,
  })
);

const Range = z.object({ since: WireTime.optional(), until: WireTime.optional() })
  .transform(({ since, until }) => present({ since, until }));

const Recovery = z.object({ received_since: WireTime, modified_since: WireTime })
  .transform((wire) => ({
    receivedSince: wire.received_since,
    modifiedSince: wire.modified_since,
  }));

/** The fields of a folder's state that its phase decides about. */
export const FolderPhaseJson = z.discriminatedUnion("phase", [
  z.object({
    phase: z.literal("draining"),
    token: z.string().optional(),
    recovery: Recovery.optional(),
    range: Range.optional(),
  }),
  z.object({
    phase: z.literal("recovering"),
    token: z.string(),
    recovery: Recovery,
    position: Position.optional(),
  }),
  z.object({
    phase: z.literal("backfilling"),
    token: z.string(),
    range: Range.optional(),
    position: Position.optional(),
  }),
  z.object({
    phase: z.literal("sweeping"),
    token: z.string(),
    sweep_token: z.string().optional(),
  }),
  z.object({ phase: z.literal("following"), token: z.string() }),
]);

/** What `FolderPhaseJson` reads. */
export function encodeFolderPhase(phase: FolderPhase) {
  const common = { phase: phase.name, token: phase.token };
  switch (phase.name) {
    case "draining":
      return {
        ...common,
        recovery: phase.recovery && encodeRecovery(phase.recovery),
        range: phase.range,
      };
    case "recovering":
      return { ...common, recovery: encodeRecovery(phase), position: encodePosition(phase) };
    case "backfilling":
      return { ...common, range: phase.range, position: encodePosition(phase) };
    case "sweeping":
      return { ...common, sweep_token: phase.sweepToken };
    case "following":
      return common;
  }
}

export function decodeFolderPhase(wire: z.infer<typeof FolderPhaseJson>): FolderPhase {
  switch (wire.phase) {
    case "draining": {
      const { phase: name, token, recovery, range } = wire;
      return present({ name, token, recovery, range });
    }
    case "recovering": {
      const { phase: name, token, recovery, position } = wire;
      return present({ name, token, ...recovery, position });
    }
    case "backfilling": {
      const { phase: name, token, range, position } = wire;
      return present({ name, token, range, position });
    }
    case "sweeping":
      return present({ name: wire.phase, token: wire.token, sweepToken: wire.sweep_token });
    case "following":
      return { name: wire.phase, token: wire.token };
  }
}

function encodeRecovery(recovery: { readonly receivedSince: Date; readonly modifiedSince: Date }) {
  return { received_since: recovery.receivedSince, modified_since: recovery.modifiedSince };
}

function encodePosition({ position }: { readonly position?: BackfillPosition }) {
  return position && {
    received_at: position.receivedAt,
    settled_at_that_time: position.settledAtThatTime,
    last_item_id: position.lastItemId,
  };
}
