/** The status page as it is served: `scripts/page_bundle.ts` makes it of `src/page/`. */
export interface PageFiles {
  readonly html: string;
  readonly css: string;
  readonly js: string;
  readonly icon: string;
}

/** Replaced by a literal when the program is bundled. */
declare const __REINFER_EWS_PAGE__: PageFiles;

/** Absent in a program that was started from its sources. */
export const PAGE_FILES: PageFiles | undefined = typeof __REINFER_EWS_PAGE__ === "undefined"
  ? undefined
  : __REINFER_EWS_PAGE__;
