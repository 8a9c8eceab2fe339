import assert from "node:assert/strict";
import { join } from "node:path";
import { Service } from "kubernetes-models/v1/Service";
import { StatefulSet } from "kubernetes-models/apps/v1/StatefulSet";
import { parse, parseAllDocuments } from "yaml";
import { runCommand } from "../../scripts/run_command.ts";
import { waitUntil } from "../../src/http/testing/wait_until.ts";
import { documentedCommands } from "../docs/documented.ts";
import { runAppliance, spawnAppliance } from "../e2e/appliance.ts";
import { customerOf } from "../e2e/customer.ts";
import {
  assertComplete,
  exchangeWithMail,
  expectedRecords,
  platformCustomer,
  stored,
} from "../e2e/platform_customer.ts";

const FOLDER = new URL("../../deploy/kubernetes/", import.meta.url);
const REPLICAS = 3;

const read = async (name: string) => parse(await Deno.readTextFile(new URL(name, FOLDER)));
const container = (statefulSet: Manifest) => statefulSet.spec.template.spec.containers[0]!;

/** As far as the tests look into the manifest. */
interface Manifest {
  readonly metadata: { readonly name: string };
  readonly spec: { readonly template: { readonly spec: { readonly containers: Container[] } } };
}

interface Container {
  readonly args: string[];
  readonly env: { readonly name: string; readonly value?: string }[];
  readonly startupProbe: Probe;
  readonly livenessProbe: Probe;
  readonly readinessProbe: Probe;
}

interface Probe {
  readonly httpGet: { readonly path: string };
}

Deno.test("the manifests are what the schemas of Kubernetes' API allow", async () => {
  const statefulSet = await read("statefulset.yaml");
  new StatefulSet(statefulSet).validate();
  new Service(await read("service.yaml")).validate();
  statefulSet.spec.replicas = "three";
  assert.throws(() => new StatefulSet(statefulSet).validate(), /replicas must be integer/);
});

Deno.test("the configuration of the example is valid but for its secrets", async () => {
  const example = new URL("example_ews_config", FOLDER).pathname;
  const { code, stderr } = await runAppliance(["config", "validate", "--config", example], {
    REINFER_EWS_AUTH_PASS: "secret",
  });
  assert.equal(code, 0, stderr);
});

const HAS_KUBECTL = (await runCommand("kubectl", ["version", "--client"], { timeoutMs: 30_000 }))
  .code === 0;

Deno.test({
  name: "kustomize renders all of it, with the image's name replaced (needs kubectl)",
  ignore: !HAS_KUBECTL,
  fn: async () => {
    const commands = await documentedCommands("kubernetes.md", "render");
    const cwd = new URL("../../", import.meta.url).pathname;
    const rendered = await runCommand("bash", ["-euc", commands], { cwd, timeoutMs: 60_000 });
    assert.equal(rendered.code, 0, rendered.stderr);
    const documents = parseAllDocuments(rendered.stdout).map((document) => document.toJS());
    assert.deepEqual(documents.map(({ kind }) => kind), ["ConfigMap", "Service", "StatefulSet"]);
    assert.match(documents[2].spec.template.spec.containers[0].image, /^registry\./);
  },
});

Deno.test("three replicas with the manifest's arguments and variables share the mailboxes", async () => {
  await using exchange = await exchangeWithMail(90);
  await using set = await platformCustomer(exchange);
  await using customer = await customerOf(exchange, { auth_password: null });
  const manifest = await read("statefulset.yaml") as Manifest;
  await using pods = new AsyncDisposableStack();
  const running = Array.from({ length: REPLICAS }, (_, ordinal) => {
    const pod = podOf(manifest, ordinal, {
      "https://mydomain.reinfer.io/api/": set.platform.endpoint,
      // Ports of pods are their own; of processes on one machine they are not.
      "0.0.0.0:8000": "127.0.0.1:0",
      "/state": join(customer.folder, `state-${ordinal}`),
    }, {
      REINFER_EWS_CONFIG: customer.configFile,
      REINFER_API_TOKEN: set.platform.token,
      REINFER_EWS_AUTH_PASS: exchange.account.password,
    });
    return pods.use(spawnAppliance(pod.args, pod.env));
  });
  const expected = expectedRecords(exchange);
  await waitUntil(() => stored(set).length === expected.size);
  const paths = probedPaths(manifest);
  assert.deepEqual(paths, ["/livez", "/livez", "/readyz"]);
  for (const pod of running) {
    const { url } = await pod.logged(({ msg }) => msg === "Serving health, metrics and status.");
    for (const path of paths) {
      const answer: Response = await fetch(new URL(path, String(url)));
      assert.equal(answer.status, 200, path);
      await answer.body?.cancel();
    }
  }
  for (const pod of running) pod.kill("SIGTERM");
  const runs = await Promise.all(running.map(({ ended }) => ended));
  for (const { code, stderr } of runs) assert.equal(code, 0, stderr);
  assertComplete(stored(set), expected);
  const mailboxes = runs.map(({ log }) => new Set(log.flatMap(({ mailbox }) => mailbox ?? [])));
  assert.equal(mailboxes.reduce((sum, { size }) => sum + size, 0), 3, "no mailbox in two pods");
});

function probedPaths(manifest: Manifest): readonly string[] {
  const { startupProbe, livenessProbe, readinessProbe } = container(manifest);
  return [startupProbe, livenessProbe, readinessProbe].map(({ httpGet }) => httpGet.path);
}

/** What a pod of the StatefulSet is started with, with our values for its examples and secrets. */
function podOf(
  manifest: Manifest,
  ordinal: number,
  examples: Readonly<Record<string, string>>,
  values: Readonly<Record<string, string>>,
): { readonly args: readonly string[]; readonly env: Readonly<Record<string, string>> } {
  const { args, env } = container(manifest);
  const name = `${manifest.metadata.name}-${ordinal}`;
  const variables = { ...values, POD_NAME: name };
  assert.deepEqual(env.map(({ name }) => name).sort(), Object.keys(variables).sort());
  const ours = args.map((arg) =>
    examples[arg] ?? arg.replace(/\$\((\w+)\)/g, (_, name) => variables[name as "POD_NAME"])
  );
  ours[ours.indexOf("--total-shards") + 1] = `${REPLICAS}`;
  return { args: ours, env: variables };
}
