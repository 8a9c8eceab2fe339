import { createHash } from "node:crypto";
import { join } from "node:path";
import { isTestFile } from "./import_graph.ts";

/** Files and folders that decide what the executable holds; of folders, sources but no tests. */
const INPUTS = ["deno.json", "deno.lock", "main.ts", "scripts", "src"] as const;
/** TypeScript, and what the status page is made of. */
const SOURCES = [".ts", ".css", ".html", ".svg"] as const;

/**
 * A fingerprint, in hex, of all that goes into a build: the inputs below the folder `root` by path
 * and content, and `settings`, which is anything that JSON can write.
 */
export async function fingerprint(root: string, settings: unknown): Promise<string> {
  const hash = createHash("sha256").update(JSON.stringify(settings));
  for (const path of await inputFiles(root)) {
    const content = await Deno.readFile(join(root, path));
    hash.update(`\n${path} ${content.length}\n`).update(content);
  }
  return hash.digest("hex");
}

async function inputFiles(root: string): Promise<readonly string[]> {
  const files: string[] = [];
  const visit = async (path: string): Promise<void> => {
    if ((await Deno.stat(join(root, path))).isFile) {
      files.push(path);
      return;
    }
    for await (const { name, isDirectory } of Deno.readDir(join(root, path))) {
      const child = `${path}/${name}`;
      const isSource = SOURCES.some((end) => child.endsWith(end)) && !isTestFile(child);
      if (isDirectory || isSource) await visit(child);
    }
  };
  for (const input of INPUTS) await visit(input);
  return files.sort();
}
