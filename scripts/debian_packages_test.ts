import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { DebianPackages, debianPackages, type PackageOptions } from "./debian_packages.ts";
import { runCommand } from "./run_command.ts";

const HAS_APT = (await runCommand("apt-get", ["--version"], { timeoutMs: 10_000 })).code === 0;

/** A package to offer: one file, whose content is the package's name. */
interface Offer {
  readonly name: string;
  readonly path: string;
  readonly depends?: string;
  /** Offered with the hash of something else. */
  readonly spoilt?: boolean;
}

interface Repository extends AsyncDisposable {
  readonly options: Required<PackageOptions>;
  /** Takes its packages away. */
  readonly close: () => Promise<void>;
}

/** A repository of Debian packages in a folder, and a cache beside it. */
async function repositoryOf(...offers: readonly Offer[]): Promise<Repository> {
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
async function build({ name, path, depends, spoilt }: Offer, folder: string): Promise<string> {
  const tree = join(folder, "trees", name);
  await Deno.mkdir(join(tree, "DEBIAN"), { recursive: true });
  await Deno.mkdir(join(tree, path, ".."), { recursive: true });
  await Deno.writeTextFile(join(tree, path), name);
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

function aptCase(name: string, fn: () => Promise<void>): void {
  Deno.test({ name, fn, ignore: !HAS_APT });
}

aptCase("packages are unpacked with what they need, and found there (needs apt)", async () => {
  await using repository = await repositoryOf(
    { name: "reinfer-test-program", path: "usr/bin/program", depends: "reinfer-test-library" },
    { name: "reinfer-test-library", path: "usr/share/library" },
    { name: "reinfer-test-other", path: "usr/share/other" },
  );
  const packages = await debianPackages(["reinfer-test-program"], repository.options);
  assert.ok(packages instanceof DebianPackages);
  const text = async (path: string) => await Deno.readTextFile(await packages.pathOf(path));
  assert.equal(await text("/usr/bin/program"), "reinfer-test-program");
  assert.equal(await text("/usr/share/library"), "reinfer-test-library");
  // What is not unpacked is where the system has it, or would.
  assert.equal(await packages.pathOf("/usr/share/other"), "/usr/share/other");
});

aptCase("packages are downloaded once, however many ask (needs apt)", async () => {
  await using repository = await repositoryOf({ name: "reinfer-test-one", path: "usr/share/one" });
  const ask = () => debianPackages(["reinfer-test-one"], repository.options);
  const asked = await Promise.all([ask(), ask(), ask()]);
  await repository.close();
  asked.push(await ask());
  const paths = asked.map((packages) => {
    assert.ok(packages instanceof DebianPackages);
    return packages.pathOf("/usr/share/one");
  });
  assert.equal(new Set(await Promise.all(paths)).size, 1);
  const kept = [...Deno.readDirSync(join(repository.options.cache, "debian-packages"))];
  assert.deepEqual(kept.filter(({ isDirectory }) => isDirectory).length, 1);
});

aptCase("a package that is not what its list says is not taken (needs apt)", async () => {
  await using repository = await repositoryOf(
    { name: "reinfer-test-bad", path: "usr/share/bad", spoilt: true },
  );
  const refused = await debianPackages(["reinfer-test-bad"], repository.options);
  assert.ok("unavailable" in refused);
  assert.match(refused.unavailable, /apt-get cannot get reinfer-test-bad: E: /);
});

aptCase(
  "what cannot be had is said with its reason, and not tried again at once (needs apt)",
  async () => {
    await using repository = await repositoryOf({
      name: "reinfer-test-one",
      path: "usr/share/one",
    });
    const ask = () => debianPackages(["reinfer-test-none"], repository.options);
    const first = await ask();
    assert.ok("unavailable" in first);
    assert.match(first.unavailable, /Unable to locate package reinfer-test-none/);
    await repository.close();
    assert.deepEqual(await ask(), first);
  },
);
