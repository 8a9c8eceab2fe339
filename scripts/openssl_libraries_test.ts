import assert from "node:assert/strict";
import { join } from "node:path";
import { opensslLibraries } from "./openssl_libraries.ts";
import { HAS_APT, repositoryOf } from "./testing/debian_repository.ts";

const TARGET = "x86_64-unknown-linux-gnu";
const DAY_MS = 24 * 3_600_000;

const offered = (name: string) => ({
  name,
  paths: [
    ...["libcrypto.so.3", "libssl.so.3"].map((file) => `usr/lib/x86_64-linux-gnu/${file}`),
    `usr/share/doc/${name}/copyright`,
  ],
});

function aptCase(name: string, fn: () => Promise<void>): void {
  Deno.test({ name: `${name} (needs apt)`, fn, ignore: !HAS_APT });
}

for (const name of ["libssl3", "libssl3t64"]) {
  aptCase(`OpenSSL is what ${name} of Debian holds, with its version and licence`, async () => {
    await using repository = await repositoryOf(offered(name));
    const say = () => assert.fail("there is nothing to say");
    const options = { ...repository.options, release: true, say };
    const libraries = await opensslLibraries(TARGET, options);
    assert.deepEqual([libraries.version, libraries.copyright], ["1.0", name]);
    for (const file of ["libcrypto.so.3", "libssl.so.3"]) {
      assert.equal(await Deno.readTextFile(join(libraries.folder, file)), name);
    }
  });
}

aptCase(
  "Debian is asked once a day; unreachable, it stops a release and no other build",
  async () => {
    await using repository = await repositoryOf(offered("libssl3"));
    const said: string[] = [];
    const options = { ...repository.options, say: (line: string) => said.push(line) };
    const first = await opensslLibraries(TARGET, { ...options, release: true });
    await repository.close();
    assert.deepEqual(await opensslLibraries(TARGET, { ...options, release: true }), first);
    const yesterday = new Date(Date.now() - DAY_MS - 60_000);
    await Deno.utime(join(first.folder, "version"), yesterday, yesterday);
    await assert.rejects(
      opensslLibraries(TARGET, { ...options, release: true }),
      /^Error: apt-get/,
    );
    assert.deepEqual(said, []);
    assert.deepEqual(await opensslLibraries(TARGET, { ...options, release: false }), first);
    assert.match(said.join(), /using the OpenSSL of an earlier build/);
  },
);

aptCase("without Debian and an earlier build the reason is apt's own", async () => {
  await using repository = await repositoryOf();
  const options = { ...repository.options, release: false, say: () => {} };
  await assert.rejects(
    opensslLibraries(TARGET, options),
    /apt-get has no OpenSSL for x86_64.*: E: /s,
  );
});
