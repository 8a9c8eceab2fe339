import assert from "node:assert/strict";
import { join } from "node:path";
import { HAS_OPENSSL, OpensslFolder } from "../../src/http/testing/openssl.ts";
import { OPENSSL_VARIANTS } from "../../src/http/testing/openssl_variants.ts";
import { spreadCorpus } from "../exchange/corpus_delivery.ts";
import {
  type SimulatedExchange,
  type SimulatedExchangeOptions,
  startSimulatedExchange,
} from "../exchange/simulated_exchange.ts";
import { SimulatedProxy } from "../proxy/simulated_proxy.ts";
import { assertPresentable, BINARY, type Run, runAppliance, spawnAppliance } from "./appliance.ts";
import { type Customer, customerOf, readDelivered } from "./customer.ts";
import { SMALL_DISKS } from "./small_disk.ts";

const SECRETS = ["Pässwörd 1!"];
const EMAILS = 40;
/** What the simulated server, whose certificate is of elliptic curves, agrees to. */
const MODERN = "ECDHE-ECDSA-AES256-GCM-SHA384";

async function exchangeWithMail(options?: SimulatedExchangeOptions): Promise<SimulatedExchange> {
  const exchange = await startSimulatedExchange(options);
  spreadCorpus([exchange.addMailbox("a@corp.example")], EMAILS);
  return exchange;
}

async function once({ run: args }: Customer, env: Record<string, string> = {}): Promise<Run> {
  const run = await runAppliance([...args, "--once"], env);
  assertPresentable(run, SECRETS);
  return run;
}

/** What `check` says of the connection to a TLS server that is no Exchange, with what to do. */
async function connectionTo(
  url: URL,
  caFile: string,
  keys: Readonly<Record<string, string>>,
): Promise<string> {
  await using exchange = await startSimulatedExchange();
  exchange.addMailbox("a@corp.example");
  await using customer = await customerOf(exchange, {
    ews_endpoint: new URL("/EWS/Exchange.asmx", url).href,
    ews_ssl_ca_file: caFile,
    ...keys,
  });
  const { check: args } = customer;
  const checking = new Deno.Command(BINARY, { args: [...args], clearEnv: true, stdout: "piped" })
    .spawn();
  try {
    let said = "";
    for await (const text of checking.stdout.pipeThrough(new TextDecoderStream())) {
      said += text;
      // Signing in would wait long for an answer.
      const [found] = /^(?:ok|FAIL) +connection +.*\n(?: +What to do: .*\n)?/m.exec(said) ?? [];
      if (found) return found;
    }
    throw new Error(`Nothing was said of the connection: ${said}`);
  } finally {
    checking.kill("SIGKILL");
    await checking.status;
  }
}

Deno.test({
  name: "every way of speaking TLS is refused in OpenSSL's words, and reached by what is proposed",
  ignore: !HAS_OPENSSL,
  fn: async () => {
    await using folder = await OpensslFolder.create();
    const authority = ["basicConstraints=critical,CA:TRUE"];
    await folder.issue("ca", { extensions: authority });
    await folder.issue("server", { issuer: "ca", extensions: ["subjectAltName=DNS:localhost"] });
    const caFile = join(folder.path, "ca.pem");
    for (const variant of OPENSSL_VARIANTS) {
      await using server = await folder.serve("server", ...variant.flags);
      const without = await connectionTo(server.url, caFile, {});
      assert.equal(without.startsWith("ok "), variant.isModern, `${variant.name}: ${without}`);
      const refused = await connectionTo(server.url, caFile, { ews_ssl_ciphers: variant.fails });
      assert.match(refused, /^FAIL /, variant.name);
      assert.match(refused, variant.words);
      for (const answer of variant.isModern ? [refused] : [refused, without]) {
        const [, list = ""] = /What to do: .*et `ews_ssl_ciphers` to "([^"]+)"/.exec(answer) ?? [];
        const reached = await connectionTo(server.url, caFile, { ews_ssl_ciphers: list });
        assert.match(reached, REACHED, `${variant.name}: ${answer}${reached}`);
      }
    }
  },
});

const REACHED = /^ok +connection +localhost:\d+: open, TLSv1[.0-9]* with [A-Z0-9-]+ by OpenSSL 3\./;

Deno.test("mail comes over OpenSSL, with NTLM and the channel binding that is required", async () => {
  for (const signatureHash of ["SHA-256", "SHA-384"] as const) {
    await using exchange = await exchangeWithMail({ certificate: { signatureHash } });
    await using customer = await customerOf(exchange, { ews_ssl_ciphers: MODERN });
    const run = await once(customer);
    assert.equal(run.code, 0, run.stderr);
    assert.equal((await readDelivered(customer.prefix)).length, EMAILS);
  }
});

Deno.test("mail comes over OpenSSL through a proxy", async () => {
  await using exchange = await exchangeWithMail({ certificate: { hosts: ["exchange.test"] } });
  const { port, pathname } = exchange.endpoint;
  await using proxy = new SimulatedProxy({ hosts: { [`exchange.test:${port}`]: Number(port) } });
  const ews_endpoint = `https://exchange.test:${port}${pathname}`;
  await using customer = await customerOf(exchange, { ews_endpoint, ews_ssl_ciphers: MODERN });
  const run = await once(customer, { HTTPS_PROXY: proxy.url.origin });
  assert.equal(run.code, 0, run.stderr);
  assert.equal((await readDelivered(customer.prefix)).length, EMAILS);
});

Deno.test({
  name: "OpenSSL needs no /tmp that can be written to or executed from",
  ignore: !SMALL_DISKS,
  fn: async () => {
    await using exchange = await exchangeWithMail();
    await using customer = await customerOf(exchange, { ews_ssl_ciphers: MODERN });
    await Deno.mkdir(customer.prefix);
    // The executable may lie below /tmp itself.
    const confine = `
      program="/opt/\${1##*/}" && mount --bind "\${1%/*}" /opt && shift &&
      mount --bind "$0" /mnt && mount --bind /tmp /tmp &&
      mount -o remount,bind,ro,noexec /tmp && mount --bind /mnt "$0" &&
      ! touch /tmp/probe 2>/dev/null && exec "$program" "$@"`;
    const runner = ["unshare", "--mount", "sh", "-c", confine, customer.prefix];
    await using appliance = spawnAppliance([...customer.run, "--once"], PATH, runner);
    const run = await appliance.ended;
    assert.equal(run.code, 0, run.stderr);
    assert.equal((await readDelivered(customer.prefix)).length, EMAILS);
  },
});

const PATH = { PATH: Deno.env.get("PATH") ?? "/usr/bin:/bin" };

Deno.test("a list that OpenSSL cannot use is one line in its words, exit code 2, nothing is sent", async () => {
  await using exchange = await exchangeWithMail();
  for (
    const [list, words] of [
      ["NO-SUCH-CIPHER", /error:0A0000B9:SSL routines::no cipher match/],
      ["HIGH:@SECLEVEL=9", /error:0A000118:SSL routines::invalid command/],
    ] as const
  ) {
    await using customer = await customerOf(exchange, { ews_ssl_ciphers: list });
    const run = await once(customer);
    assert.equal(run.code, 2);
    assert.match(run.stderr, /^reinfer-ews: OpenSSL cannot use the list "[^"]+" of `ews_ssl_ciph/);
    assert.match(run.stderr, words);
    assert.equal(run.stderr.trim().split("\n").length, 1);
  }
  assert.equal(exchange.connections, 0);
});

Deno.test("without the key no library is loaded, and none can be any more", async () => {
  await using exchange = await exchangeWithMail();
  await using customer = await customerOf(exchange);
  await using appliance = spawnAppliance(customer.run);
  await appliance.logged(({ msg }) => msg === "Folder pass finished.");
  assert.doesNotMatch(await mapsOf(appliance.pid), /libssl|libcrypto/);
  const config = JSON.parse(await Deno.readTextFile(customer.configFile));
  const keyed = JSON.stringify({ ...config, ews_ssl_ciphers: MODERN });
  await Deno.writeTextFile(customer.configFile, keyed);
  appliance.kill("SIGHUP");
  const refusal = await appliance.logged(({ reason }) => /ews_ssl_ciphers/.test(String(reason)));
  assert.match(String(refusal.reason), /gave up loading libraries .*Restart it/);
  appliance.kill("SIGTERM");
  assert.equal((await appliance.ended).code, 0);
});

Deno.test("with the key exactly the embedded libraries are mapped, out of memory", async () => {
  await using exchange = await exchangeWithMail();
  await using customer = await customerOf(exchange, { ews_ssl_ciphers: MODERN });
  await using appliance = spawnAppliance(customer.run);
  await appliance.logged(({ msg }) => msg === "Folder pass finished.");
  const mapped = (await mapsOf(appliance.pid)).match(/\/\S*lib(?:ssl|crypto)\S*/g) ?? [];
  assert.deepEqual([...new Set(mapped)].sort(), ["/memfd:libcrypto.so.3", "/memfd:libssl.so.3"]);
  appliance.kill("SIGTERM");
  assert.equal((await appliance.ended).code, 0);
});

function mapsOf(pid: number): Promise<string> {
  return Deno.readTextFile(`/proc/${pid}/maps`);
}
