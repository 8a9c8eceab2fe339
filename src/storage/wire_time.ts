import { z } from "zod";

const ISO_TIME = /^(?:\d{4}|[+-]\d{6})-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z$/;

/**
 * A time as `toISOString` writes it. Not zod's own check: that refuses the years beyond 9999, which
 * a sender can choose.
 */
export const WireTime = z.string()
  .refine((text) => ISO_TIME.test(text) && !Number.isNaN(Date.parse(text)))
  .transform((text) => new Date(text));
