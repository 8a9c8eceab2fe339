/** What this executable was made from. The build writes it; nothing at run time can change it. */
export interface BuildInfo {
  /** The version of the product, from deno.json. */
  readonly version: string;
  /** Git commit, `-dirty` appended if the tree had changes; absent where git did not know. */
  readonly commit?: string;
  /**
   * Where the runtime in this executable came from: Deno's own release, or, on networks that reach
   * npm only, the same runtime cut out of an npm package (docs/adr/0004). Absent: not compiled.
   */
  readonly denort?: "official" | "npm-fallback";
  /** Debian's version of the OpenSSL inside. Absent: not compiled. */
  readonly openssl?: string;
}

/** Replaced by a literal when the program is bundled (scripts/bundle.ts). */
declare const __REINFER_EWS_BUILD__: BuildInfo;

/** The version of a program that was started from its sources. */
const FROM_SOURCES: BuildInfo = { version: "0.0.0-source" };

export const BUILD_INFO: BuildInfo = typeof __REINFER_EWS_BUILD__ === "undefined"
  ? FROM_SOURCES
  : __REINFER_EWS_BUILD__;

/** One line for `--version`: `reinfer-ews 0.1.0 (commit 1a2b3c4d5e6f)`. */
export function versionLine(build: BuildInfo = BUILD_INFO): string {
  const notes = [
    ...(build.commit === undefined ? [] : [`commit ${build.commit}`]),
    ...(build.denort === "npm-fallback" ? ["runtime from npm, not for release"] : []),
  ];
  const suffix = notes.length === 0 ? "" : ` (${notes.join("; ")})`;
  return `reinfer-ews ${build.version}${suffix}`;
}
