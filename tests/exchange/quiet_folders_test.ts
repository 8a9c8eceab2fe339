/** The engine before a simulated Exchange whose folders lie, over real sockets. */
import assert from "node:assert/strict";
import type { Env } from "../../src/core/env.ts";
import { Secret } from "../../src/core/secret.ts";
import { createExchangeSource } from "../../src/ews/exchange_source.ts";
import { createBasicTransport } from "../../src/http/basic_transport.ts";
import { CredentialGate } from "../../src/http/credential_gate.ts";
import { undiciCase } from "../../src/http/testing/undici_case.ts";
import { waitUntil } from "../../src/http/testing/wait_until.ts";
import { systemClock } from "../../src/runtime/system.ts";
import { testEnv } from "../../src/source/testing/test_env.ts";
import { DurableDestination } from "../simulation/durable_destination.ts";
import { startProcess } from "../simulation/simulated_process.ts";
import { numberedEmail } from "./ews/example_service.ts";
import { CANDOURS } from "./folder_figures.ts";
import { startSimulatedExchange } from "./simulated_exchange.ts";

const A = "a@corp.example";
/** Ten minutes are two seconds. */
const HURRY = 300;

/** Time that runs faster, for the appliance and its server alike. */
function hurriedEnv(): Env {
  const { log } = testEnv();
  const startMs = systemClock.now().getTime();
  const clock: Env["clock"] = {
    now: () => new Date(startMs + (systemClock.now().getTime() - startMs) * HURRY),
    monotonicMs: () => systemClock.monotonicMs() * HURRY,
    sleep: (ms, options) => systemClock.sleep(ms / HURRY, options),
  };
  return { clock, entropy: { next: () => 0 }, log };
}

for (const candour of CANDOURS) {
  undiciCase(`all mail comes from folders that are ${candour} about their changes`, async () => {
    const env = hurriedEnv();
    await using exchange = await startSimulatedExchange({
      tls: false,
      authentication: "basic",
      clock: env.clock,
    });
    const mailbox = exchange.addMailbox(A);
    mailbox.sayOfFolders(candour);
    const { id: inbox } = mailbox.distinguishedFolder("inbox");
    const { user, password } = { ...exchange.account, user: exchange.account.principalName };
    await using transport = createBasicTransport({
      endpoint: exchange.endpoint,
      trust: { verify: true, extraRoots: [] },
      clock: systemClock,
      user,
      password: new Secret(password),
      gate: new CredentialGate(user, systemClock),
    });
    const destination = new DurableDestination();
    const { endpoint } = exchange;
    const process = startProcess({
      mailboxes: [{ address: A, bucket: { owner: "o", name: "n" }, startFrom: "bucket" }],
      settings: { pollFrequencyMs: 15_000 },
      destination,
      sourceOf: () =>
        createExchangeSource({ transport, endpoint, accessType: "impersonation", env }),
      env,
      onPhase: () => {},
      onDeath: (reason) => assert.fail(reason),
    });
    const asked = (operation: string) =>
      exchange.ledger.totals().requestsByOperation[operation] ?? 0;
    for (let emails = 1; emails <= 3; emails++) {
      mailbox.deliver(inbox, numberedEmail(emails));
      await waitUntil(() => destination.emails.size === emails);
      // A few rounds, so that what is known of the folders is of after that email.
      const listings = asked("FindFolder");
      await waitUntil(() => asked("FindFolder") >= listings + 8);
    }
    await process.stop();
    // Inbox, Sent Items, Deleted Items and Junk Email.
    const isAskedAlways = asked("SyncFolderItems") > asked("FindFolder") * 3;
    assert.equal(isAskedAlways, candour !== "honest" && candour !== "frozen");
  });
}
