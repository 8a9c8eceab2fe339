/**
 * What is inside the executable, for those who must know: a software bill of materials (CycloneDX 1.5,
 * ECMA-424) and the licence texts. Both follow from what the bundle was made of, so that nothing that
 * is only installed is listed, and nothing that is inside is left out.
 */
import { join } from "node:path";

/** An npm package of which something is in the bundle. */
export interface BundledPackage {
  readonly name: string;
  readonly version: string;
  /** As the package states it, an SPDX expression. */
  readonly license: string;
  /** Its own licence text, and notices; empty where it ships none. */
  readonly texts: readonly string[];
}

/** What the bill is about. */
export interface Product {
  readonly version: string;
  /** Deno's, whose runtime the program is behind. */
  readonly deno: string;
  /** Debian's version of OpenSSL, whose libraries are inside. */
  readonly openssl: string;
}

const LICENSE_FILE = /^(?:licen[cs]e|notice|copying|third.?party.?notices?)(?:[.-].*)?$/i;

/** Folders of the packages that the paths lie in, e.g. `node_modules/.deno/zod@4.6.7/node_modules/zod`. */
export function packageFolders(paths: readonly string[]): readonly string[] {
  const inPackage = /^(.*\bnode_modules\/(?:@[^/]+\/)?[^/]+)\//;
  const folders = paths.flatMap((path) => inPackage.exec(path)?.[1] ?? []);
  return [...new Set(folders)].sort();
}

/** Reads of each folder what package it holds. Throws if one states no licence: nobody may ship it. */
export async function readPackages(folders: readonly string[]): Promise<readonly BundledPackage[]> {
  const packages = await Promise.all(folders.map(readPackage));
  const keyed = new Map(packages.map((each) => [`${each.name}@${each.version}`, each]));
  return [...keyed].sort(([a], [b]) => a < b ? -1 : 1).map(([, each]) => each);
}

async function readPackage(folder: string): Promise<BundledPackage> {
  const { name, version, license } = JSON.parse(
    await Deno.readTextFile(join(folder, "package.json")),
  ) as Partial<Record<"name" | "version" | "license", string>>;
  if (!name || !version || typeof license !== "string") {
    throw new Error(`${folder} states no name, version or licence`);
  }
  const files = [...Deno.readDirSync(folder)].filter((file) =>
    file.isFile && LICENSE_FILE.test(file.name)
  ).map((file) => file.name).sort();
  const texts = await Promise.all(files.map((file) => Deno.readTextFile(join(folder, file))));
  return { name, version, license, texts: texts.map((text) => text.trim()) };
}

/** The bill as CycloneDX JSON; the same for the same product, since it holds no time and no serial. */
export function cycloneDx(product: Product, packages: readonly BundledPackage[]): string {
  const runtime = {
    type: "platform",
    "bom-ref": `deno@${product.deno}`,
    name: "deno",
    version: product.deno,
    purl: `pkg:github/denoland/deno@v${product.deno}`,
    licenses: [{ license: { id: "MIT" } }],
  };
  const openssl = {
    type: "library",
    "bom-ref": `openssl@${product.openssl}`,
    name: "openssl",
    version: product.openssl,
    purl: `pkg:deb/debian/openssl@${encodeURIComponent(product.openssl)}?arch=source`,
    cpe: `cpe:2.3:a:openssl:openssl:${upstreamVersion(product.openssl)}:*:*:*:*:*:*:*`,
    licenses: [{ license: { id: "Apache-2.0" } }],
  };
  const libraries = packages.map(({ name, version, license }) => ({
    type: "library",
    "bom-ref": `${name}@${version}`,
    name,
    version,
    purl: `pkg:npm/${name.replace("@", "%40")}@${version}`,
    licenses: /\s/.test(license) ? [{ expression: license }] : [{ license: { id: license } }],
  }));
  const root = `reinfer-ews@${product.version}`;
  const components = [runtime, openssl, ...libraries];
  const bill = {
    bomFormat: "CycloneDX",
    specVersion: "1.5",
    version: 1,
    metadata: {
      component: {
        type: "application",
        "bom-ref": root,
        name: "reinfer-ews",
        version: product.version,
        licenses: [{ license: { id: "MIT" } }],
      },
    },
    components,
    dependencies: [{ ref: root, dependsOn: components.map((each) => each["bom-ref"]) }],
  };
  return `${JSON.stringify(bill, undefined, 2)}\n`;
}

/** Without Debian's revision. */
function upstreamVersion(version: string): string {
  return version.replace(/-[^-]*$/, "");
}

/** The licences as one text for people. */
export function licenseTexts(
  own: string,
  packages: readonly BundledPackage[],
  openssl: { readonly version: string; readonly copyright: string },
): string {
  const sections = packages.map(({ name, version, license, texts }) =>
    [`${name} ${version} (${license})`, ...texts].join("\n\n")
  );
  const rule = `\n\n${"-".repeat(80)}\n\n`;
  const deno = "Deno and what it is built from: https://github.com/denoland/deno (MIT)";
  const libraries = `OpenSSL ${openssl.version} (Apache-2.0)\n\n${openssl.copyright.trim()}`;
  return `${[`reinfer-ews\n\n${own.trim()}`, deno, libraries, ...sections].join(rule)}\n`;
}
