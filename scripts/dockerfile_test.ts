import assert from "node:assert/strict";

const read = (path: string) => Deno.readTextFile(new URL(`../${path}`, import.meta.url));

Deno.test("the image is built with the pinned Deno and says the version of the program", async () => {
  const dockerfile = await read("Dockerfile");
  const deno = /^readonly DENO_VERSION=(\S+)$/m.exec(await read("scripts/lib.sh"))![1];
  assert.match(
    dockerfile,
    new RegExp(`^FROM docker\\.io/denoland/deno:debian-${deno} AS build$`, "m"),
  );
  const { version } = JSON.parse(await read("deno.json"));
  assert.match(dockerfile, new RegExp(`^ARG VERSION=${version}$`, "m"));
});
