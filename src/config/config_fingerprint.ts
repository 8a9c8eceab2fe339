import { createHash } from "node:crypto";
import { Secret } from "../core/secret.ts";
import type { AppConfig } from "./app_config.ts";

/** Tells whether two configurations are the same in everything, secrets included; reveals nothing. */
export function configFingerprint(config: AppConfig): string {
  return createHash("sha256").update(JSON.stringify(config, revealing)).digest("hex");
}

/** A secret shows only `[secret]` of itself, so it is taken from what holds it. */
function revealing(this: unknown, key: string, value: unknown): unknown {
  const held = (this as Readonly<Record<string, unknown>>)[key];
  return held instanceof Secret ? held.reveal() : value;
}
