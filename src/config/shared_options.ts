import { destinationPlaceOf } from "./destination_place.ts";
import { OPTIONS, type OptionValues } from "./options.ts";
import { configOptions } from "./remote_config_options.ts";
import type { Shard } from "./shard.ts";

const DEBUG_LEVELS = { "0": 0, "1": 1, "2": 2 } as const;

/** Where a command finds its configuration and its destination, once no conflict was found. */
export function placeOptions(values: OptionValues) {
  return {
    ...configOptions(values),
    destination: destinationPlaceOf(values),
  };
}

/** How a command logs. */
export function logOptions(values: OptionValues) {
  const logFormat = values["log-format"];
  return {
    debugLevel: DEBUG_LEVELS[values["debug-level"] ?? OPTIONS["debug-level"].fallback],
    ...(logFormat === undefined ? {} : { logFormat }),
  };
}

/** The share both options together name; undefined without them. */
export function shardOption(values: OptionValues): Shard | undefined {
  const number = values["shard-name"];
  const total = values["total-shards"];
  return number === undefined || total === undefined ? undefined : { number, total };
}

/** `shardOption` as a property that is absent without it. */
export function shardOptions(values: OptionValues) {
  const shard = shardOption(values);
  return shard === undefined ? {} : { shard };
}
