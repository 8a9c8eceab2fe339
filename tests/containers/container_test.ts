import assert from "node:assert/strict";
import { join } from "node:path";
import { DeliveredFiles } from "../../scripts/delivered_files.ts";
import { waitUntil } from "../../src/http/testing/wait_until.ts";
import { documentedCommands } from "../docs/documented.ts";
import {
  assertComplete,
  exchangeWithMail,
  expectedRecords,
  platformCustomer,
  stored,
} from "../e2e/platform_customer.ts";
import { customerOf } from "../e2e/customer.ts";
import { expectedEmails } from "../exchange/expected_emails.ts";
import { ContainerEngine } from "./container_engine.ts";
import { containerHost, IN_CONTAINER } from "./container_host.ts";

const EMAILS = 60;
const IMAGE_USER = 65532;

const ENGINE = await ContainerEngine.start();
const NEEDS = "unavailable" in ENGINE ? ` (no containers here: ${ENGINE.unavailable})` : "";

Deno.test.afterAll(async () => {
  if (!("unavailable" in ENGINE)) await ENGINE[Symbol.asyncDispose]();
});

function containerTest(name: string, test: (engine: ContainerEngine) => Promise<void>): void {
  const ignore = "unavailable" in ENGINE;
  Deno.test({ name: `${name}${NEEDS}`, ignore, fn: () => test(ENGINE as ContainerEngine) });
}

const commands = (name: string, examples?: Readonly<Record<string, string>>) =>
  documentedCommands("container.md", name, examples);

containerTest("checked and run as documented, it fills the mounted folder", async (engine) => {
  await using exchange = await exchangeWithMail(EMAILS);
  await using host = await containerHost(engine, exchange);
  const checked = await engine.run(await commands("check"), host.env);
  assert.equal(checked.code, 0, checked.stdout + checked.stderr);
  assert.match(checked.stdout, /\nReady: \d+ ok\.\n$/);
  const started = await engine.run(await commands("run into files"), host.env);
  assert.equal(started.code, 0, started.stderr);
  const prefix = host.mailDir;
  const expected = expectedEmails(exchange.store).length;
  const delivered = new DeliveredFiles(prefix);
  await waitUntil(async () => {
    await delivered.refresh();
    return delivered.emails.length === expected && await delivered.isCaughtUp(3);
  });
  const { uid } = await Deno.stat(join(prefix, "data"));
  assert.equal(uid, IMAGE_USER);

  const ended = await engine.run(await commands("look and stop"), host.env);
  assert.equal(ended.code, 0, ended.stderr);
  const said = ended.stdout + ended.stderr;
  assert.match(said, /"Starting\."/);
  assert.ok(!said.includes(exchange.account.password), "no secret is logged");
});

containerTest(
  "the platform gets everything, with its progress in a volume that the image owns",
  async (engine) => {
    await using exchange = await exchangeWithMail(EMAILS);
    await using set = await platformCustomer(exchange, IN_CONTAINER);
    await using host = await containerHost(engine, exchange, set.customer);
    const start = await commands("run into the platform", {
      "https://mydomain.reinfer.io/api/": set.platform.endpoint,
    });
    const started = await engine.run(start, { ...host.env, ...set.env });
    assert.equal(started.code, 0, started.stderr);
    const expected = expectedRecords(exchange);
    await waitUntil(() => stored(set).length === expected.size);
    assertComplete(stored(set), expected);
    // It was told to stop, and so it has not failed.
    const stopped = await engine.run(
      "docker stop --time 15 reinfer-ews && docker wait reinfer-ews",
    );
    assert.equal(stopped.stdout.trim().split("\n").at(-1), "0", stopped.stderr);
    const removed = await engine.run("docker rm reinfer-ews && docker volume rm reinfer-ews-state");
    assert.equal(removed.code, 0, removed.stderr);
  },
);

containerTest(
  "with --bind it answers whoever looks after it, the documented health check included",
  async (engine) => {
    await using exchange = await exchangeWithMail(EMAILS);
    await using host = await containerHost(engine, exchange);
    const start = await commands("run into files", {
      // Networks of containers are this machine's own here, and no port of it is ours.
      "--local-files-prefix /mnt/ews": "--local-files-prefix /mnt/ews --bind 127.0.0.1:0",
    });
    const started = await engine.run(start, host.env);
    assert.equal(started.code, 0, started.stderr);
    const url = await waitFor(async () => {
      const { stdout, stderr } = await engine.run("docker logs reinfer-ews");
      return /"url":"(http:[^"]+)"/.exec(stdout + stderr)?.[1];
    });
    await waitUntil(async () => await statusOf(new URL("readyz", url)) === 200);
    assert.equal(await statusOf(new URL("livez", url)), 200);
    assert.equal(await statusOf(new URL("metrics", url)), 200);
    const [program, ...options] = (await documentedHealthCheck())
      .map((word) => word === "http://127.0.0.1:8000" ? url : word);
    assert.ok(options.includes(url));
    const healthy = await engine.run(["docker exec reinfer-ews", program, ...options].join(" "));
    assert.equal(healthy.code, 0, healthy.stderr);
    const ended = await engine.run(await commands("look and stop"), host.env);
    assert.equal(ended.code, 0, ended.stderr);
    const gone = await engine.run(["docker run --rm reinfer-ews", ...options].join(" "));
    assert.notEqual(gone.code, 0, "an instance that is not there is not healthy");
  },
);

containerTest(
  "with `ews_ssl_ciphers` OpenSSL is found in the image, and mail comes over it",
  async (engine) => {
    await using exchange = await exchangeWithMail(EMAILS);
    await using customer = await customerOf(exchange, {
      ...IN_CONTAINER,
      ews_ssl_ciphers: "ECDHE-ECDSA-AES256-GCM-SHA384",
    });
    await using host = await containerHost(engine, exchange, customer);
    const checked = await engine.run(await commands("check"), host.env);
    assert.equal(checked.code, 0, checked.stdout + checked.stderr);
    assert.match(
      checked.stdout,
      /: open, TLSv1\.[23] with [A-Z0-9_-]+ by OpenSSL 3\./,
    );
    const started = await engine.run(await commands("run into files"), host.env);
    assert.equal(started.code, 0, started.stderr);
    const delivered = new DeliveredFiles(host.mailDir);
    await waitUntil(async () => {
      await delivered.refresh();
      return delivered.emails.length === expectedEmails(exchange.store).length;
    });
    const ended = await engine.run(await commands("look and stop"), host.env);
    assert.equal(ended.code, 0, ended.stderr);
  },
);

containerTest(
  "a folder that is not ours is named, with its owner, our user and what to do",
  async (engine) => {
    await using exchange = await exchangeWithMail(EMAILS);
    await using host = await containerHost(engine, exchange);
    await Deno.chown(host.mailDir, 4711, 4711);
    const mail = await engine.run(await commands("check"), host.env);
    assert.equal(mail.code, 4, mail.stdout);
    assert.match(
      mail.stdout,
      /"\/mnt\/ews" belongs to uid 4711 with mode 0700, and this program runs as uid 65532/,
    );
    assert.match(mail.stdout, /chown -R 65532 "\/mnt\/ews"; in a container, on the folder mounted/);

    await Deno.chown(join(host.configDir, "config.json"), 4711, 4711);
    const unreadable = await engine.run(await commands("check"), host.env);
    assert.equal(unreadable.code, 2, unreadable.stdout);
    assert.match(
      unreadable.stderr,
      /"\/mnt\/config\/config\.json" belongs to uid 4711 with mode 0600, and this program runs as uid/,
    );
  },
);

containerTest(
  "the image holds the executable and libraries, runs as a number, and says what it is",
  async (engine) => {
    const inspected = await engine.run("docker image inspect reinfer-ews");
    const [{ Config: config, Size: bytes }] = JSON.parse(inspected.stdout);
    assert.equal(config.User, `${IMAGE_USER}:${IMAGE_USER}`);
    assert.deepEqual(config.Entrypoint, ["/reinfer-ews"]);
    assert.equal(config.Healthcheck, undefined);
    const labels = config.Labels as Record<string, string>;
    assert.equal(labels["org.opencontainers.image.licenses"], "MIT");
    assert.match(labels["org.opencontainers.image.version"]!, /^\d+\.\d+\.\d+$/);
    assert.match(labels["org.opencontainers.image.revision"]!, /^[0-9a-f]{12}/);
    assert.ok(bytes < 150e6, `${bytes} bytes`);
    const listed = await engine.run(
      "docker create --name listed reinfer-ews >/dev/null; docker export listed | tar -t; docker rm listed >/dev/null",
    );
    const files = listed.stdout.split("\n").filter((path) => path !== "" && !path.endsWith("/"));
    const unexpected = files.filter((path) => !IMAGE_FILES.test(path));
    assert.deepEqual(unexpected, []);
    for (const file of ["LICENSES.txt", "reinfer-ews.cdx.json", "libc6.txt", "libgcc-s1.txt"]) {
      assert.ok(files.includes(`usr/share/licenses/reinfer-ews/${file}`), `${file} is there`);
    }
    assert.ok(files.includes("etc/ssl/certs/ca-certificates.crt"));
  },
);

/** What the image may hold; the engine adds mount points below etc, dev, proc, sys and run. */
const IMAGE_FILES =
  /^(?:reinfer-ews|lib(?:64)?\/[\w/-]*(?:lib(?:c|m|dl|rt|pthread|gcc_s)|ld-linux[\w-]*)\.so\.\d+|usr\/share\/licenses\/reinfer-ews\/[\w.-]+|etc\/ssl\/certs\/ca-certificates\.crt)$/;

async function statusOf(url: URL): Promise<number> {
  const response = await fetch(url);
  await response.body?.cancel();
  return response.status;
}

/** Resolves to what `look` finds once it finds something. */
async function waitFor<T>(look: () => Promise<T | undefined>): Promise<T> {
  let found: T | undefined;
  await waitUntil(async () => (found = await look()) !== undefined);
  return found!;
}

/** The words of the command that the compose file of docs/container.md checks with. */
async function documentedHealthCheck(): Promise<readonly string[]> {
  const text = await Deno.readTextFile(new URL("../../docs/container.md", import.meta.url));
  const [shell, ...command] = JSON.parse(/test: (\[.*\])/.exec(text)![1]!);
  assert.equal(shell, "CMD");
  return command;
}
