import { BROWSER_PACKAGES } from "./browser_packages.ts";
import { type Chromium, type ChromiumOptions, startChromium } from "./chromium.ts";

/**
 * A test in a browser of its own; where there is none it is ignored, and its name says why. The page
 * under test is bundled once for all, by a process that Deno's leak checks would blame a test for.
 */
export function browserCase(
  name: string,
  test: (chromium: Chromium) => Promise<void>,
  options: ChromiumOptions = {},
): void {
  const unchecked = { sanitizeOps: false, sanitizeResources: false } as const;
  if ("unavailable" in BROWSER_PACKAGES) {
    const { unavailable } = BROWSER_PACKAGES;
    Deno.test({ ...unchecked, name: `${name} (${unavailable})`, ignore: true, fn: () => {} });
    return;
  }
  const packages = BROWSER_PACKAGES;
  Deno.test({
    ...unchecked,
    name,
    fn: async () => {
      await using chromium = await startChromium(packages, options);
      await test(chromium);
    },
  });
}
