/**
 * Deno gives npm packages Node's timers, objects with `unref`, and everyone else the web's, numbers.
 * In a bundle it can no longer tell whose code is whose, so `bundle.ts` puts these in for all.
 */
export {
  clearImmediate,
  clearInterval,
  clearTimeout,
  setImmediate,
  setInterval,
  setTimeout,
} from "node:timers";
