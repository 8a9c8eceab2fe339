import assert from "node:assert/strict";
import { join } from "node:path";
import { DebianPackages, debianPackages } from "./debian_packages.ts";
import { HAS_APT, repositoryOf } from "./testing/debian_repository.ts";

function aptCase(name: string, fn: () => Promise<void>): void {
  Deno.test({ name, fn, ignore: !HAS_APT });
}

aptCase("packages are unpacked with what they need, and found there (needs apt)", async () => {
  await using repository = await repositoryOf(
    { name: "reinfer-test-program", paths: ["usr/bin/program"], depends: "reinfer-test-library" },
    { name: "reinfer-test-library", paths: ["usr/share/library"] },
    { name: "reinfer-test-other", paths: ["usr/share/other"] },
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
  await using repository = await repositoryOf({
    name: "reinfer-test-one",
    paths: ["usr/share/one"],
  });
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
    { name: "reinfer-test-bad", paths: ["usr/share/bad"], spoilt: true },
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
      paths: ["usr/share/one"],
    });
    const ask = () => debianPackages(["reinfer-test-none"], repository.options);
    const first = await ask();
    assert.ok("unavailable" in first);
    assert.match(first.unavailable, /Unable to locate package reinfer-test-none/);
    await repository.close();
    assert.deepEqual(await ask(), first);
  },
);
