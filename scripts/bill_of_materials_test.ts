import assert from "node:assert/strict";
import {
  type BundledPackage,
  cycloneDx,
  licenseTexts,
  packageFolders,
  readPackages,
} from "./bill_of_materials.ts";

const PACKAGES: readonly BundledPackage[] = [
  { name: "@azure/msal-node", version: "7.2.1", license: "MIT", texts: ["Words of Microsoft"] },
  { name: "both", version: "1.0.0", license: "(MIT OR Apache-2.0)", texts: [] },
];

Deno.test("the packages in a bundle are told by the paths of its files", () => {
  const top = "node_modules/.deno/";
  assert.deepEqual(
    packageFolders([
      "src/app/run.ts",
      `${top}undici@7.30.2/node_modules/undici/lib/a.js`,
      `${top}undici@7.30.2/node_modules/undici/lib/b.js`,
      `${top}@azure+msal-node@7.2.1/node_modules/@azure/msal-node/dist/x.mjs`,
    ]),
    [
      `${top}@azure+msal-node@7.2.1/node_modules/@azure/msal-node`,
      `${top}undici@7.30.2/node_modules/undici`,
    ],
  );
});

Deno.test("the bill names the runtime, OpenSSL and every package, by purl and licence", () => {
  const product = { version: "0.1.0", deno: "2.7.11", openssl: "3.0.20-1~deb12u2" };
  const bill = JSON.parse(cycloneDx(product, PACKAGES));
  assert.equal(bill.bomFormat, "CycloneDX");
  assert.deepEqual(bill.components.map(({ purl }: { purl: string }) => purl), [
    "pkg:github/denoland/deno@v2.7.11",
    "pkg:deb/debian/openssl@3.0.20-1~deb12u2?arch=source",
    "pkg:npm/%40azure/msal-node@7.2.1",
    "pkg:npm/both@1.0.0",
  ]);
  assert.equal(bill.components[1].cpe, "cpe:2.3:a:openssl:openssl:3.0.20:*:*:*:*:*:*:*");
  assert.deepEqual(bill.components[3].licenses, [{ expression: "(MIT OR Apache-2.0)" }]);
  assert.equal(bill.dependencies[0].dependsOn.length, 4);
});

Deno.test("the licences are those of ours and of all packages", () => {
  const openssl = { version: "3.0.20-1~deb12u2", copyright: "Words of OpenSSL" };
  const text = licenseTexts("Our words", PACKAGES, openssl);
  for (const part of ["Our words", "OpenSSL 3.0.20-1~deb12u2 (Apache-2.0)", "Words of OpenSSL"]) {
    assert.ok(text.includes(part), part);
  }
  for (const part of ["@azure/msal-node 7.2.1 (MIT)", "Words of Microsoft", "both"]) {
    assert.ok(text.includes(part), part);
  }
});

Deno.test("a package that states no licence is not shipped", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${folder}/package.json`, '{"name":"x","version":"1.0.0"}');
    await assert.rejects(readPackages([folder]), /states no name, version or licence/);
    await Deno.writeTextFile(
      `${folder}/package.json`,
      '{"name":"x","version":"1.0.0","license":"ISC"}',
    );
    await Deno.writeTextFile(`${folder}/LICENSE.md`, "Words\n");
    await Deno.writeTextFile(`${folder}/index.js`, "code");
    assert.deepEqual(await readPackages([folder, folder]), [
      { name: "x", version: "1.0.0", license: "ISC", texts: ["Words"] },
    ]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
