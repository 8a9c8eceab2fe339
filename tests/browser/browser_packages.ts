import { debianPackages } from "../../scripts/debian_packages.ts";

/** Chromium with what it needs and fonts, or why they cannot be had. */
export const BROWSER_PACKAGES = await debianPackages(["chromium", "fonts-liberation2"]);
