import assert from "node:assert/strict";
import { readDestination } from "./destination_config.ts";
import type { DestinationPlace } from "./destination_place.ts";
import { noFindings, problemLine } from "./problem.ts";

type Variables = Readonly<Record<string, string>>;

const PLATFORM: DestinationPlace = {
  kind: "platform",
  endpoint: new URL("https://acme.reinfer.io/api/"),
  privatePrefix: "/api/_private",
};
const AZURE: DestinationPlace = {
  kind: "azure",
  location: { account: "acme", container: "mail", prefix: "" },
};

async function read(place: DestinationPlace, variables: Variables, files: Variables = {}) {
  const findings = noFindings();
  const config = await readDestination(place, {
    env: (name) => variables[name],
    readFile: (path) => {
      const content = files[path];
      return content === undefined
        ? Promise.reject(Object.assign(new Error("no"), { code: "ENOENT" }))
        : Promise.resolve(new TextEncoder().encode(content));
    },
  }, findings);
  return { config, problems: findings.problems.map(problemLine) };
}

Deno.test("the platform's token comes from a variable, a file, or the variable of the vendor's CLI", async () => {
  const cases: readonly (readonly [Variables, string, string | undefined])[] = [
    [{ REINFER_API_TOKEN: "a", REINFER_TOKEN: "c" }, "a", undefined],
    [{ REINFER_API_TOKEN_FILE: "/t", REINFER_TOKEN: "c" }, "b", "/t"],
    [{ REINFER_TOKEN: "c" }, "c", undefined],
  ];
  for (const [variables, token, file] of cases) {
    const { config } = await read(PLATFORM, variables, { "/t": "b\n" });
    assert.ok(config?.kind === "platform");
    assert.deepEqual([config.token.value.reveal(), config.token.file], [token, file]);
  }
});

Deno.test("a token from two places, or from a file that is not there, is a problem without the token", async () => {
  const both = await read(PLATFORM, { REINFER_API_TOKEN: "hunter2", REINFER_API_TOKEN_FILE: "/t" });
  assert.deepEqual(both, {
    config: undefined,
    problems: ["REINFER_API_TOKEN_FILE: excludes REINFER_API_TOKEN: unset one of them"],
  });
  const missing = await read(PLATFORM, { REINFER_API_TOKEN_FILE: "/t" });
  assert.deepEqual(missing.problems, ['REINFER_API_TOKEN_FILE = "/t": this file does not exist']);
});

Deno.test("a proxy on the way to the destination is obeyed, and said when it cannot be used", async () => {
  const variables = { REINFER_TOKEN: "t", HTTPS_PROXY: "http://svc:hunter2@proxy:3128" };
  const platform = (await read(PLATFORM, variables)).config;
  assert.ok(platform?.kind === "platform");
  assert.equal(platform.proxy?.url.href, "http://proxy:3128/");
  const azure = (await read(AZURE, { ...variables, NO_PROXY: "login.example" })).config;
  assert.ok(azure?.kind === "azure");
  assert.equal(azure.proxyFor(new URL("https://acme.blob.core.windows.net"))?.user, "svc");
  assert.equal(azure.proxyFor(new URL("https://login.example")), undefined);
  for (const place of [PLATFORM, AZURE]) {
    const { problems } = await read(place, { ...variables, HTTPS_PROXY: "socks5://a:hunter2@p" });
    assert.match(problems.join(), /^HTTPS_PROXY: (?!.*hunter2)/);
  }
});

Deno.test("another blob endpoint takes the place of the account's own", async () => {
  const endpoint = "http://127.0.0.1:10000/acme";
  const { config } = await read(AZURE, { REINFER_EWS_AZURE_BLOB_ENDPOINT: endpoint });
  assert.ok(config?.kind === "azure");
  assert.equal(config.endpoint?.href, endpoint);
  const usual = (await read(AZURE, {})).config;
  assert.ok(usual?.kind === "azure" && usual.endpoint === undefined);
});
