import assert from "node:assert/strict";
import { assertComplete } from "./assert_complete.ts";
import { simulate } from "./simulation.ts";
import { TROUBLES } from "./store_trouble.ts";

/**
 * Goal: no chain of faults, crashes and changes in a mailbox loses an email or stores a wrong one.
 * Method: the engine with its real codecs on virtual time; everything by chance from a seed, which
 * replays a failing run exactly: REINFER_EWS_TEST_SEED=n deno test -A tests/simulation.
 */
const given = Deno.env.get("REINFER_EWS_TEST_SEED");
const SEEDS = given === undefined
  ? Array.from({ length: 48 }, (_, index) => index)
  : [Number(given)];

/** What all seeds together must have met; a fault that never fires proves nothing. */
const MUST_BE_SEEN = [
  "crash",
  "reset before",
  "reset after",
  "cut short",
  "unavailable",
  "html",
  "slow",
  "refused",
  "answer lost",
  "waiting-for-destination",
  ...TROUBLES,
  "Exchange fails: fault",
  "Exchange fails: messages",
  "Exchange fails: item",
  "Exchange fails: rest of batch",
  "Exchange fails: http",
  "suspended",
  "Email skipped.",
  "Email rebuilt from what Exchange gives of it.",
  "Email still cannot be had as it is.",
  "Exchange cannot list a folder by time; its change list is used instead.",
  "Exchange no longer accepts a folder's token; it is taken anew.",
  "outage",
  "switch",
  "Mailbox is read through another API now; its folders go on by their dates.",
];

const seen = new Set<string>();

for (const seed of SEEDS) {
  Deno.test(`seed ${seed}: everything is delivered unchanged, or on the record, whatever happened`, async () => {
    const outcome = await simulate(seed);
    for (const what of outcome.seen.keys()) seen.add(what);
    assertComplete(outcome);
  });
}

Deno.test("the seeds together meet every fault and every reaction", {
  ignore: given !== undefined,
}, () => {
  assert.deepEqual(MUST_BE_SEEN.filter((what) => !seen.has(what)), []);
});
