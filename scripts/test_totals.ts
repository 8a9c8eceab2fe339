/** What became of the tests of a run. */
export interface TestTotals {
  readonly passed: number;
  readonly failed: number;
  /** Names of tests that were ignored; a name says what it needs. */
  readonly skipped: readonly string[];
}

export const NO_TESTS: TestTotals = { passed: 0, failed: 0, skipped: [] };

export function addTotals(a: TestTotals, b: TestTotals): TestTotals {
  return {
    passed: a.passed + b.passed,
    failed: a.failed + b.failed,
    skipped: [...a.skipped, ...b.skipped],
  };
}

/**
 * Reads the totals out of a JUnit report of `deno test`. A test and each of its steps count as one.
 *
 * What a test printed or threw is escaped in the report, so a bare `<failure` is never its text.
 */
export function readTotals(junit: string): TestTotals {
  // The text before the first test case holds sums, which miss what the files themselves threw.
  const cases = junit.split("<testcase ").slice(1);
  const failed = cases.filter((text) => /<(?:failure|error)\b/.test(text));
  const skipped = cases.filter((text) => text.includes("<skipped"));
  return {
    passed: cases.length - failed.length - skipped.length,
    failed: failed.length,
    skipped: skipped.map(nameOf),
  };
}

/**
 * The totals of a group whose `deno test` ended with `code`. A run can fail without a failed test
 * (a file that does not load, a crash, the time limit): that counts as one.
 */
export function groupTotals(junit: string | undefined, code: number): TestTotals {
  const totals = junit === undefined ? NO_TESTS : readTotals(junit);
  return code !== 0 && totals.failed === 0 ? { ...totals, failed: 1 } : totals;
}

/** The last line of a test run: `tests: 12 passed, 0 failed`, with the skipped ones if any. */
export function totalsLine({ passed, failed, skipped }: TestTotals): string {
  const tail = skipped.length === 0 ? "" : `, ${skipped.length} skipped`;
  return `tests: ${passed} passed, ${failed} failed${tail}`;
}

const ENTITIES: Readonly<Record<string, string>> = {
  amp: "&",
  apos: "'",
  gt: ">",
  lt: "<",
  quot: '"',
};

function nameOf(testCase: string): string {
  const name = /\bname="([^"]*)"/.exec(testCase)?.[1] ?? "a test without a name";
  return name.replace(/&(\w+);/g, (entity, key: string) => ENTITIES[key] ?? entity);
}
