import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { join } from "node:path";
import type { PackageOptions } from "../debian_packages.ts";
import { runCommand } from "../run_command.ts";

/** Whether this machine has the programs that handle Debian's packages. */
export const HAS_APT =
  (await runCommand("apt-get", ["--version"], { timeoutMs: 10_000 })).code === 0;

/** A package to offer. */
export interface Offer {
  readonly name: string;
  /** Paths of its files, whose content is the package's name. */
  readonly paths: readonly string[];
  readonly depends?: string;
  /** Offered with the hash of something else. */
  readonly spoilt?: boolean;
}

/** A repository of Debian packages in a folder, and a cache beside it. Gone when disposed. */
export interface DebianRepository extends AsyncDisposable {
  readonly options: Required<PackageOptions>;
  /** Takes its packages away. */
  readonly close: () => Promise<void>;
}

/** Offers packages of version 1.0 for every architecture. */
export async function repositoryOf(...offers: readonly Offer[]): Promise<DebianRepository> {
  const folder = await Deno.makeTempDir({ prefix: "debian-" });
  const packages = join(folder, "packages");
  await Deno.mkdir(packages);
  const entries: string[] = [];
  for (const offer of offers) entries.push(await build(offer, folder));
  await Deno.writeTextFile(join(packages, "Packages"), entries.join("\n"));
  // `copy:` downloads as far as apt is concerned; `file:` would not.
  await Deno.writeTextFile(join(folder, "list"), `deb [trusted=yes] copy:${packages} ./\n`);
  const settings = [`Dir::Etc::sourcelist=${join(folder, "list")}`, "Dir::Etc::sourceparts=-"];
  return {
    options: {
      cache: join(folder, "cache"),
      aptOptions: settings.flatMap((setting) => ["-o", setting]),
    },
    close: () => Deno.remove(packages, { recursive: true }),
    [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }),
  };
}

/** Makes the package and returns its entry in `Packages`. */
async function build({ name, paths, depends, spoilt }: Offer, folder: string): Promise<string> {
  const tree = join(folder, "trees", name);
  await Deno.mkdir(join(tree, "DEBIAN"), { recursive: true });
  for (const path of paths) {
    await Deno.mkdir(join(tree, path, ".."), { recursive: true });
    await Deno.writeTextFile(join(tree, path), name);
  }
  const control = [
    `Package: ${name}`,
    "Version: 1.0",
    "Architecture: all",
    "Maintainer: Nobody <nobody@invalid>",
    "Description: for a test",
    ...(depends === undefined ? [] : [`Depends: ${depends}`]),
  ].join("\n");
  await Deno.writeTextFile(join(tree, "DEBIAN", "control"), `${control}\n`);
  const archive = join(folder, "packages", `${name}.deb`);
  const built = await runCommand("dpkg-deb", ["--build", tree, archive], { timeoutMs: 60_000 });
  assert.equal(built.code, 0, built.stderr);
  const bytes = await Deno.readFile(archive);
  const sha256 = createHash("sha256").update(spoilt ? "something else" : bytes).digest("hex");
  return `${control}\nFilename: ./${name}.deb\nSize: ${bytes.length}\nSHA256: ${sha256}\n`;
}
