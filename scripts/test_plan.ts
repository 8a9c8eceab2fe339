import { TEST_GROUPS, type TestGroup } from "./test_groups.ts";

/** What `scripts/test` was asked for. */
export interface TestPlan {
  /** Gate and build first; false when a developer names tests. */
  readonly whole: boolean;
  readonly runs: readonly TestRun[];
}

/** One `deno test`. */
export interface TestRun {
  readonly group: TestGroup;
  /** Test files. */
  readonly files: readonly string[];
  /** Only tests with this text in their names. */
  readonly filter?: string;
}

/**
 * Sorts the test files of the repository into runs.
 *
 * `args` are those of `scripts/test`: paths select files below them, any other word is part of a
 * test's name. Throws if a test file belongs to no group, which would leave it out in silence, if a
 * path selects nothing, and if there are two names.
 */
export function planTests(args: readonly string[], testFiles: readonly string[]): TestPlan {
  const groupless = testFiles.find((file) => groupOf(file) === undefined);
  if (groupless !== undefined) throw new Error(`${groupless} is in no group of test_groups.ts`);
  const all = args.includes("--all");
  const words = args.filter((arg) => arg !== "--all");
  const paths = words.filter(isPath);
  const [filter, ...more] = words.filter((word) => !isPath(word));
  if (more.length > 0) throw new Error("At most one name of a test at a time");

  const selected = paths.length === 0 ? testFiles : paths.flatMap((path) => below(path, testFiles));
  const runs = TEST_GROUPS.flatMap((group) => {
    const files = selected.filter((file) => groupOf(file) === group);
    const wanted = all || !group.long || paths.length > 0;
    if (files.length === 0 || !wanted) return [];
    return [{ group, files, ...(filter === undefined ? {} : { filter }) }];
  });
  return { whole: words.length === 0, runs };
}

function groupOf(file: string): TestGroup | undefined {
  return TEST_GROUPS.find(({ folders }) => folders.some((folder) => file.startsWith(folder)));
}

function isPath(word: string): boolean {
  return word.includes("/") || word.endsWith(".ts") ||
    ["bench", "src", "scripts", "tests"].includes(word);
}

/** Test files at or below a path; for a source file, its unit tests. */
function below(path: string, testFiles: readonly string[]): readonly string[] {
  const place = path.replace(/^\.\//, "").replace(/\/$/, "");
  const unitTests = place.replace(/(?<!_test)\.ts$/, "_test.ts");
  const found = testFiles.filter((file) => file === unitTests || file.startsWith(`${place}/`));
  if (found.length === 0) throw new Error(`No tests at ${path}`);
  return found;
}
