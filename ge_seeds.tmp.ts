import { assertComplete } from "/work/wt-graph-engine/tests/simulation/assert_complete.ts";
import { simulate } from "/work/wt-graph-engine/tests/simulation/simulation.ts";
const [from, to] = Deno.args.map(Number);
let switches = 0, sought = 0, bad = 0;
for (let seed = from!; seed < to!; seed++) {
  try {
    const outcome = await simulate(seed);
    switches += outcome.seen.get("switch") ?? 0;
    sought += outcome.seen.get("Skipped email is no longer in its folder.") ?? 0;
    assertComplete(outcome);
  } catch (e) {
    bad++;
    console.log(`seed ${seed} FAILED`, String((e as Error).message).slice(0, 400));
  }
}
console.log(`seeds ${from}-${to}: ${bad} failed, ${switches} switches, ${sought} gone`);
