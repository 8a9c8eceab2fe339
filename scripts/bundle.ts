import { builtinModules } from "node:module";
import * as esbuild from "esbuild";
import { basename, join } from "node:path";
import type { BuildInfo } from "../src/app/version.ts";
import { LIBRARIES } from "../src/http/openssl/openssl.ts";
import { bundlePage } from "./page_bundle.ts";

/** Gives Node's built-ins their `node:` prefix, without which Deno takes them for packages. */
const nodePrefix: esbuild.Plugin = {
  name: "node-prefix",
  setup(build) {
    const names = builtinModules.filter((name) => !/^(?:_|node:)/.test(name));
    const filter = new RegExp(`^(?:${names.join("|")})$`);
    build.onResolve({ filter }, ({ path }) => ({ path: `node:${path}`, external: true }));
  },
};

/** For packages that are still CommonJS: esbuild keeps their `require` calls of built-ins. */
const REQUIRE =
  `import{createRequire}from"node:module";const require=createRequire(import.meta.url);`;

/**
 * When the files of a bundle were changed, as Deno writes it into the executable: always the same, so
 * that two builds of one commit are the same bytes.
 */
const CHANGED_AT = new Date("2000-01-01T00:00:00Z");

/** Where the executable finds OpenSSL's libraries (src/app/exchange_openssl.ts). */
export const LIBRARY_FOLDER = "openssl";

export interface Bundle {
  /** Path of the main file. */
  readonly main: string;
  /** Paths of the sources that something is in there of, as seen from the working directory. */
  readonly sources: readonly string[];
}

/**
 * Bundles `main.ts` and all it imports into `folder`, which is emptied first: one file for what
 * every start needs, more for what is imported on demand. OpenSSL's libraries, which lie in
 * `opensslFolder`, are put beside them.
 *
 * Identifiers are kept: a stack trace from the field must name functions.
 */
export async function bundle(
  folder: string,
  build: BuildInfo,
  opensslFolder: string,
): Promise<Bundle> {
  await Deno.remove(folder, { recursive: true }).catch(() => undefined);
  try {
    const page = await bundlePage();
    const { metafile } = await esbuild.build({
      entryPoints: ["main.ts"],
      outdir: folder,
      outExtension: { ".js": ".mjs" },
      bundle: true,
      splitting: true,
      format: "esm",
      platform: "node",
      target: "es2024",
      minifySyntax: true,
      minifyWhitespace: true,
      legalComments: "none",
      banner: { js: REQUIRE },
      inject: ["scripts/node_timers.ts"],
      define: {
        __REINFER_EWS_BUILD__: JSON.stringify(build),
        __REINFER_EWS_PAGE__: JSON.stringify(page),
      },
      plugins: [nodePrefix],
      logLevel: "error",
      metafile: true,
    });
    await Deno.mkdir(join(folder, LIBRARY_FOLDER));
    const libraries = LIBRARIES.map((name) => join(LIBRARY_FOLDER, name));
    for (const path of libraries) {
      await Deno.copyFile(join(opensslFolder, basename(path)), join(folder, path));
    }
    for (const path of [...[...Deno.readDirSync(folder)].map(({ name }) => name), ...libraries]) {
      await Deno.utime(join(folder, path), CHANGED_AT, CHANGED_AT);
    }
    const outputs = Object.values(metafile.outputs);
    const sources = outputs.flatMap(({ inputs }) =>
      Object.entries(inputs).flatMap(([path, { bytesInOutput }]) => bytesInOutput > 0 ? path : [])
    );
    return { main: `${folder}/main.mjs`, sources };
  } finally {
    await esbuild.stop();
  }
}
