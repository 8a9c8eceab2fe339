import { join, relative } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

/** One import, dynamic or not. Paths are relative to the repository, with forward slashes. */
export interface ImportEdge {
  readonly from: string;
  /** A path of the repository, `node:…`, or the name of an npm package without version or path. */
  readonly to: string;
  /** True for `import type` and `export type`: gone once compiled. */
  readonly typeOnly: boolean;
  /** True for `import()`: loaded when it is come to. */
  readonly dynamic?: true;
}

/** The part of `deno info --json` that is read here. */
interface ModuleInfo {
  readonly specifier: string;
  readonly error?: string;
  readonly dependencies?: readonly {
    readonly specifier: string;
    readonly isDynamic?: boolean;
    readonly code?: { readonly specifier?: string };
    readonly type?: { readonly specifier?: string };
  }[];
}

/** True for unit tests and for what only they use: `name_test.ts`, and everything in `testing/`. */
export function isTestFile(path: string): boolean {
  return path.endsWith("_test.ts") || path.includes("/testing/");
}

/**
 * The imports of every file of the program below the folder `root` (`main.ts` if there is one, and
 * `src/` without test files), as Deno's own parser sees them. Throws if a file cannot be parsed or
 * an imported file does not exist.
 */
export async function readImports(root: string): Promise<readonly ImportEdge[]> {
  const files = await programFiles(root);
  // `deno info` takes one root, and files that nothing imports yet count as well.
  const index = await Deno.makeTempFile({ suffix: ".ts" });
  try {
    const urls = files.map((file) => pathToFileURL(join(root, file)).href);
    await Deno.writeTextFile(index, urls.map((url) => `import "${url}";\n`).join(""));
    const modules = await moduleInfos(root, index);
    return modules
      .filter((module) => files.includes(pathIn(root, module.specifier)))
      .flatMap((module) => edgesOf(root, module));
  } finally {
    await Deno.remove(index);
  }
}

async function programFiles(root: string): Promise<readonly string[]> {
  const files: string[] = [];
  const visit = async (folder: string): Promise<void> => {
    for await (const entry of Deno.readDir(join(root, folder))) {
      const path = `${folder}/${entry.name}`;
      if (entry.isDirectory) await visit(path);
      else if (path.endsWith(".ts") && !isTestFile(path)) files.push(path);
    }
  };
  await visit("src");
  if (await isFile(join(root, "main.ts"))) files.push("main.ts");
  return files.sort();
}

async function isFile(path: string): Promise<boolean> {
  try {
    return (await Deno.stat(path)).isFile;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

async function moduleInfos(root: string, index: string): Promise<readonly ModuleInfo[]> {
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["info", "--json", index],
    cwd: root,
    stderr: "piped",
  }).output();
  if (!success) throw new Error(`deno info failed: ${new TextDecoder().decode(stderr)}`);
  const { modules } = JSON.parse(new TextDecoder().decode(stdout)) as { modules: ModuleInfo[] };
  const ours = modules.filter((module) => module.specifier.startsWith("file:"));
  const broken = ours.find((module) => module.error !== undefined);
  if (broken) throw new Error(broken.error);
  return ours;
}

function edgesOf(root: string, module: ModuleInfo): readonly ImportEdge[] {
  return (module.dependencies ?? []).map(({ specifier, code, type, isDynamic }) => {
    const resolved = code?.specifier ?? type?.specifier;
    return {
      from: pathIn(root, module.specifier),
      to: resolved?.startsWith("file:") ? pathIn(root, resolved) : packageName(specifier),
      typeOnly: code === undefined,
      ...(isDynamic ? { dynamic: true } : {}),
    };
  });
}

/** `npm:@scope/name@1.2.3/path`, `@scope/name/path` → `@scope/name`; `node:…` stays. */
function packageName(specifier: string): string {
  if (specifier.startsWith("node:")) return specifier;
  const name = /^(?:npm:)?(@[^/@]+\/[^/@]+|[^/@]+)/.exec(specifier);
  return name?.[1] ?? specifier;
}

function pathIn(root: string, url: string): string {
  return relative(root, fileURLToPath(url));
}
