import assert from "node:assert/strict";
import { reportText, type SoakFindings, verdict } from "./report.ts";

const WELL: SoakFindings = {
  ...{ seed: 1, minutes: 20, sink: "platform", fetched: 10, convergedAfterS: 3, skippedAtCalm: 0 },
  kills: { appliance: 2 },
  faults: { Exchange: { timeout: 3 } },
  life: { deliver: 5 },
  mail: {
    ...{
      expected: 5,
      stored: 6,
      lost: [],
      wrong: [],
      unknown: [],
      again: 1,
      byteForByte: 5,
      rebuilt: 0,
    },
  },
  backoffs: { asked: 1, broken: [] },
  memory: [samples(60, 100)],
  problems: [],
};

/** Samples of some minutes, a thousand KiB to begin with. */
function samples(minutes: number, kibPerMinute: number) {
  return Array.from({ length: minutes * 60 }, (_, second) => ({
    atMs: second * 1_000,
    rssKib: 1_000 + kibPerMinute * second / 60,
  }));
}

Deno.test("a soak in which nothing is wrong says so, and its table holds what was found", () => {
  assert.deepEqual(verdict(WELL), []);
  assert.match(reportText(WELL), /^ {2}lost +0$/m);
  assert.match(reportText(WELL), /^ {2}slope of memory.* 100$/m);
});

Deno.test("each thing that can be wrong is said, with examples", () => {
  const broken = [{ scope: "a", askedMs: 2_000, leftMs: 500 }];
  const { convergedAfterS: _, ...late } = WELL;
  const cases: readonly (readonly [SoakFindings, RegExp])[] = [
    [{ ...WELL, mail: { ...WELL.mail, lost: ["<1@x>"] } }, /1 emails are lost.*<1@x>/],
    [{ ...WELL, mail: { ...WELL.mail, wrong: ["<2@x>"] } }, /other bytes.*<2@x>/],
    [{ ...WELL, mail: { ...WELL.mail, unknown: ["<3@x>"] } }, /never were.*<3@x>/],
    [{ ...WELL, backoffs: { asked: 1, broken } }, /not honoured.*"leftMs":500/],
    [{ ...WELL, memory: [samples(60, 2_000)] }, /grows by 2000/],
    [{ ...WELL, memory: [samples(2, 400_000)] }, /rose to/],
    [late, /did not converge/],
    [{ ...WELL, problems: ["The appliance ended by itself"] }, /ended by itself/],
  ];
  for (const [findings, expected] of cases) {
    const wrong = verdict(findings);
    assert.equal(wrong.length, 1, wrong.join("; "));
    assert.match(wrong[0]!, expected);
  }
});
