import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { filesBelow } from "../files_below.ts";
import type { Edit } from "./mutations.ts";

export const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** All that a simulation is made of. */
const FOLDERS = ["src", "tests/exchange", "tests/graph", "tests/simulation"];

/** A copy of the source with a defect in it. Disposing removes it. */
export interface MutatedTree extends AsyncDisposable {
  readonly folder: string;
}

/** Makes one. Throws if the text of an edit does not stand exactly once in its file. */
export async function mutatedTree(edits: readonly Edit[]): Promise<MutatedTree> {
  const folder = await Deno.makeTempDir();
  const remove = () => Deno.remove(folder, { recursive: true });
  try {
    for (const path of await sourceFiles()) {
      const copy = join(folder, path);
      await Deno.mkdir(dirname(copy), { recursive: true });
      await Deno.copyFile(join(ROOT, path), copy);
    }
    for (const edit of edits) await make(folder, edit);
  } catch (error) {
    await remove();
    throw error;
  }
  return { folder, [Symbol.asyncDispose]: remove };
}

async function sourceFiles(): Promise<readonly string[]> {
  const found = await Promise.all(FOLDERS.map((folder) => filesBelow(join(ROOT, folder))));
  return found.flat()
    .filter((path) => path.endsWith(".ts") && !path.endsWith("_test.ts"))
    .map((path) => relative(ROOT, path));
}

async function make(folder: string, { file, text, mutated }: Edit): Promise<void> {
  const path = join(folder, file);
  const [before, after, ...more] = (await Deno.readTextFile(path)).split(text);
  if (before === undefined || after === undefined || more.length > 0) {
    throw new Error(`Not exactly once in ${file}: ${text}`);
  }
  await Deno.writeTextFile(path, before + mutated + after);
}
