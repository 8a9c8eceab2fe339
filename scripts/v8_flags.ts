/**
 * Compiled into the executable. Most of what is resident at full speed is garbage that V8 has not
 * looked for yet: a small young generation, and an old one that may grow by a tenth until it is looked
 * through again. On a mix of mail into files that is 33 MiB less, for 3 % more of processor time
 * (docs/performance.md).
 */
export const V8_FLAGS = "--v8-flags=--max-semi-space-size=4,--heap-growing-percent=10";
