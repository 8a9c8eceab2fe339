import * as esbuild from "esbuild";
import type { PageFiles } from "../src/status/page_files.ts";

const PAGE = new URL("../src/page/", import.meta.url);

/** Browsers that receive security updates: every one of the last two years. */
const TARGET = ["chrome120", "firefox120", "safari17"];

/**
 * Makes the status page of `src/page/`: one script, one style sheet, and what needs no making. The
 * caller stops esbuild.
 */
export async function bundlePage(): Promise<PageFiles> {
  const [html, icon, js, css] = await Promise.all([
    Deno.readTextFile(new URL("page.html", PAGE)),
    Deno.readTextFile(new URL("icon.svg", PAGE)),
    bundled("main.ts"),
    bundled("page.css"),
  ]);
  return { html, css, js, icon };
}

async function bundled(entry: string): Promise<string> {
  const { outputFiles } = await esbuild.build({
    entryPoints: [new URL(entry, PAGE).pathname],
    bundle: true,
    write: false,
    format: "esm",
    platform: "browser",
    target: TARGET,
    minify: true,
    legalComments: "none",
    logLevel: "error",
  });
  return outputFiles[0]!.text;
}
