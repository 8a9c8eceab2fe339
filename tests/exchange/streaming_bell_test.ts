/** The bell of the program before a simulated Exchange, over real sockets and NTLM. */
import assert from "node:assert/strict";
import type { Env } from "../../src/core/env.ts";
import { LIMITS } from "../../src/core/limits.ts";
import type { Mailbox } from "../../src/core/mailbox.ts";
import { openEws } from "../../src/ews/open_ews.ts";
import { CredentialGate } from "../../src/http/credential_gate.ts";
import { createNtlmTransport } from "../../src/http/ntlm_transport.ts";
import { undiciCase } from "../../src/http/testing/undici_case.ts";
import { waitUntil } from "../../src/http/testing/wait_until.ts";
import { Secret } from "../../src/core/secret.ts";
import { testEnv } from "../../src/source/testing/test_env.ts";
import { systemClock } from "../../src/runtime/system.ts";
import { numberedEmail } from "./ews/example_service.ts";
import { type SimulatedExchange, startSimulatedExchange } from "./simulated_exchange.ts";

/** Real time, of which pauses take a hundredth. */
function hurriedEnv(): Env {
  const { log } = testEnv();
  const clock = {
    ...systemClock,
    monotonicMs: () => systemClock.monotonicMs() * HURRY,
    sleep: (ms: number, options: { readonly signal: AbortSignal }) =>
      systemClock.sleep(ms / HURRY, options),
  };
  return { clock, entropy: { next: () => 0 }, log };
}

const HURRY = 100;

interface Harness extends AsyncDisposable {
  readonly exchange: SimulatedExchange;
  /** Rings by mailbox. */
  readonly rings: Map<string, number>;
  readonly listenedTo: Set<string>;
  readonly reconnects: () => number;
  readonly listen: (address: string) => Disposable;
  readonly deliver: (address: string) => void;
  /** Resolves when a mailbox has been rung for again. */
  readonly rung: (address: string, after: number) => Promise<void>;
}

async function harness(
  addresses: readonly string[],
  accessType: "delegate" | "impersonation" = "impersonation",
): Promise<Harness> {
  const exchange = await startSimulatedExchange({ tls: false });
  // A heartbeat in what is 45 s to the program.
  exchange.notifications.heartbeatMs = 45_000 / HURRY;
  for (const address of addresses) exchange.addMailbox(address);
  const env = hurriedEnv();
  const pool = {
    endpoint: exchange.endpoint,
    trust: { verify: true, extraRoots: [] },
    clock: systemClock,
    user: exchange.account.principalName,
    password: new Secret(exchange.account.password),
    gate: new CredentialGate(exchange.account.principalName, systemClock),
  };
  const transport = createNtlmTransport(pool);
  const hanging = createNtlmTransport(pool);
  const rings = new Map<string, number>();
  const listenedTo = new Set<string>();
  let reconnects = 0;
  const { bell } = openEws({
    transport,
    hanging,
    endpoint: exchange.endpoint,
    accessType,
    env,
    observer: {
      requestEnded: () => undefined,
      throttled: () => undefined,
      reconnected: () => reconnects++,
      listeningChanged: ({ address }, isListenedTo) =>
        void (isListenedTo ? listenedTo.add(address) : listenedTo.delete(address)),
    },
  });
  const listeners = new DisposableStack();
  return {
    exchange,
    rings,
    listenedTo,
    reconnects: () => reconnects,
    listen: (address) => {
      const mailbox: Mailbox = {
        address,
        bucket: { owner: "o", name: "n" },
        startFrom: "bucket",
      };
      return listeners.use(
        bell.listen(mailbox, () => rings.set(address, (rings.get(address) ?? 0) + 1)),
      );
    },
    deliver: (address) => {
      const mailbox = exchange.store.mailbox(address)!;
      mailbox.deliver(mailbox.distinguishedFolder("inbox").id, numberedEmail(1));
    },
    rung: (address, after) => waitUntil(() => (rings.get(address) ?? 0) > after),
    [Symbol.asyncDispose]: async () => {
      listeners.dispose();
      await bell[Symbol.asyncDispose]();
      await hanging[Symbol.asyncDispose]();
      await transport[Symbol.asyncDispose]();
      await exchange[Symbol.asyncDispose]();
    },
  };
}

const A = "a@corp.example";
const B = "b@corp.example";
const C = "c@corp.example";

async function listening(world: Harness, ...addresses: readonly string[]): Promise<void> {
  for (const address of addresses) world.listen(address);
  await waitUntil(() => addresses.every((address) => world.listenedTo.has(address)));
}

/** Delivers to a mailbox, which is rung for because of that. */
async function checkRings(world: Harness, address: string): Promise<void> {
  const before = world.rings.get(address) ?? 0;
  world.deliver(address);
  await world.rung(address, before);
}

for (const accessType of ["impersonation", "delegate"] as const) {
  undiciCase(
    `with ${accessType}, mailboxes of one server share a connection, and each rings for itself`,
    async () => {
      const addresses = [A, B, C];
      {
        await using world = await harness(addresses, accessType);
        await listening(world, ...addresses);
        await waitUntil(() => world.exchange.notifications.listenedTo === 3);
        assert.equal(world.exchange.notifications.connections, 1);
        const before = new Map(world.rings);
        await checkRings(world, B);
        assert.equal(world.rings.get(A), before.get(A));
        assert.equal(world.exchange.ledger.totals().withoutAnchor, 0);
        assert.deepEqual(faultsOf(world), []);
      }
    },
  );
}

undiciCase("subscriptions are cancelled when nobody listens any more", async () => {
  await using world = await harness([A, B]);
  const listening = [A, B].map((address) => world.listen(address));
  await waitUntil(() => world.listenedTo.size === 2);
  for (const listener of listening) listener[Symbol.dispose]();
  await waitUntil(() => world.exchange.notifications.subscribed === 0);
  assert.equal(world.listenedTo.size, 0);
});

undiciCase("mailboxes of several servers are listened to where they lie", async () => {
  await using world = await harness([A, B, C]);
  const { notifications } = world.exchange;
  notifications.servers = 3;
  // The server of the group refuses mailboxes of others, as those of another site are.
  world.exchange.intercept = (request, next) => {
    const isForeign = request.operation === "Subscribe" &&
      request.headers.has("cookie") && !request.body.includes(A);
    return isForeign ? { status: 503, headers: {}, body: "" } : next();
  };
  await listening(world, A, B, C);
  assert.equal(notifications.connections, 3);
  for (const address of [A, B, C]) await checkRings(world, address);
});

undiciCase(
  "a connection that breaks, a closed one and an expired subscription are made up for",
  async () => {
    await using world = await harness([A, B]);
    const { notifications } = world.exchange;
    await listening(world, A, B);
    await waitUntil(() => notifications.listenedTo === 2);

    notifications.cut();
    await waitUntil(() => world.reconnects() === 1 && world.listenedTo.size === 2);
    await checkRings(world, A);

    notifications.close();
    await waitUntil(() => notifications.listenedTo === 2);
    await checkRings(world, B);

    const before = world.rings.get(A)!;
    notifications.expire(A);
    await world.rung(A, before); // anew, with a ring for what was missed
    await waitUntil(() => world.listenedTo.has(A));
    await checkRings(world, A);
    await checkRings(world, B);
  },
);

undiciCase(
  "a restart of EWS costs subscriptions, and all mailboxes are rung for after it",
  async () => {
    await using world = await harness([A, B, C]);
    await listening(world, A, B, C);
    const before = new Map(world.rings);
    world.exchange.notifications.cut();
    world.exchange.notifications.expire();
    for (const address of [A, B, C]) await world.rung(address, before.get(address)!);
    await waitUntil(() => world.listenedTo.size === 3);
    for (const address of [A, B, C]) await checkRings(world, address);
  },
);

undiciCase("missed events ring for the mailbox, whose subscription goes on", async () => {
  await using world = await harness([A, B]);
  await listening(world, A, B);
  const before = new Map(world.rings);
  world.exchange.notifications.missEvents(A);
  await world.rung(A, before.get(A)!);
  assert.equal(world.rings.get(B), before.get(B));
  await checkRings(world, A);
  assert.equal(world.exchange.ledger.requests("Subscribe").length, 2);
});

undiciCase(
  "where the account has no more subscriptions the others are polled, and it is not asked again and again",
  async () => {
    await using world = await harness([A, B, C], "delegate");
    world.exchange.notifications.subscriptionsMax = 1;
    for (const address of [A, B, C]) world.listen(address);
    await waitUntil(() => world.exchange.ledger.requests("Subscribe").length === 2);
    await waitUntil(() => world.listenedTo.size === 1);
    await checkRings(world, A);
    assert.equal(world.exchange.ledger.requests("Subscribe").length, 2, "one granted, one refused");
    assert.deepEqual([...world.listenedTo], [A]);
  },
);

undiciCase("where no connection is left mailboxes are polled until one is", async () => {
  await using world = await harness([A, B]);
  const { notifications } = world.exchange;
  notifications.connectionsMax = 0;
  for (const address of [A, B]) world.listen(address);
  const refused = () =>
    world.exchange.ledger.requests("GetStreamingEvents")
      .filter(({ responseCodes: [code] }) => code === "ErrorExceededConnectionCount").length;
  await waitUntil(() => refused() >= 1);
  assert.equal(world.listenedTo.size, 0);
  notifications.connectionsMax = Infinity;
  await waitUntil(() => world.listenedTo.size === 2);
  await checkRings(world, A);
});

undiciCase(
  "a server without affinity costs subscriptions and never the ordinary requests",
  async () => {
    await using world = await harness([A]);
    const { notifications, ledger } = world.exchange;
    notifications.servers = 3;
    notifications.keepsAffinity = false;
    world.listen(A);
    const notFound = () => ledger.requests("Subscribe").length >= 3;
    await waitUntil(notFound);
    notifications.keepsAffinity = true;
    await waitUntil(() => world.listenedTo.has(A) && notifications.listenedTo === 1);
    await checkRings(world, A);
  },
);

undiciCase("a silent connection is given up for another one", async () => {
  await using world = await harness([A]);
  const { notifications } = world.exchange;
  notifications.heartbeatMs = 10 * LIMITS.listeningSilenceMsMax;
  await listening(world, A);
  await waitUntil(() => world.reconnects() >= 1);
  notifications.heartbeatMs = 450;
  await waitUntil(() => world.listenedTo.has(A));
  await checkRings(world, A);
});

undiciCase("nobody is left waiting when it ends in the middle of everything", async () => {
  await using world = await harness([A, B, C]);
  for (const address of [A, B, C]) world.listen(address);
  await waitUntil(() => world.exchange.ledger.requests("Subscribe").length >= 1);
});

function faultsOf({ exchange }: Harness): readonly string[] {
  return exchange.ledger.requests().flatMap(({ responseCodes }) => responseCodes)
    .filter((code) => code !== "NoError");
}
