import { builtinModules } from "node:module";
import * as esbuild from "esbuild";
import type { BuildInfo } from "../src/app/version.ts";
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
 * Bundles `main.ts` and all it imports into `folder`, which is emptied first: one file for what
 * every start needs, more for what is imported on demand. Returns the path of the main file.
 *
 * Identifiers are kept: a stack trace from the field must name functions.
 */
export async function bundle(folder: string, build: BuildInfo): Promise<string> {
  await Deno.remove(folder, { recursive: true }).catch(() => undefined);
  try {
    const page = await bundlePage();
    await esbuild.build({
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
    });
  } finally {
    await esbuild.stop();
  }
  return `${folder}/main.mjs`;
}
