import assert from "node:assert/strict";
import { numberedEmail } from "../../tests/exchange/ews/example_service.ts";
import { NO_ABORT } from "../source/testing/test_env.ts";
import { ALICE, simulatedSource } from "./testing/simulated_source.ts";

const operationsIn = (requests: readonly string[]) =>
  requests.map((text) => /<m:(\w+)/.exec(text)?.[1]);

for (const accessType of ["delegate", "impersonation"] as const) {
  Deno.test(`Exchange 2010 lists folders without drafts and outbox, which it does not tell by role (${accessType})`, async () => {
    const { source, mailbox, requests, run } = simulatedSource({
      product: "Exchange2010",
      accessType,
    });
    mailbox.createFolder(["Inbox", "Drafts"]);
    mailbox.renameFolder(mailbox.distinguishedFolder("drafts").id, "Inbox 2");
    const { folders } = await run(source.folders(ALICE, NO_ABORT));
    const paths = folders.map(({ path }) => path.join("/"));
    assert.ok(paths.includes("Inbox") && paths.includes("Inbox/Drafts"), paths.join());
    assert.ok(!paths.includes("Inbox 2") && !paths.includes("Outbox"), paths.join());

    // The server did not know three versions; then folders, and the roles it can be asked for.
    assert.deepEqual(operationsIn(requests), [
      "FindFolder",
      "FindFolder",
      "FindFolder",
      "FindFolder",
      "GetFolder",
    ]);
    const [listing, roles] = requests.slice(-2);
    assert.doesNotMatch(listing!, /DistinguishedFolderId"/);
    const asked = [...roles!.matchAll(/DistinguishedFolderId Id="(\w+)"/g)].map(([, id]) => id);
    assert.deepEqual(asked, ["drafts", "outbox"]);
    assert.equal(roles!.includes(`<t:EmailAddress>${ALICE.address}<`), accessType === "delegate");
  });
}

Deno.test("a server that tells folders by role is not asked for any", async () => {
  for (const product of ["Exchange2013", "Exchange2016", "ExchangeOnline"] as const) {
    const { source, requests, run } = simulatedSource({ product });
    const { folders } = await run(source.folders(ALICE, NO_ABORT));
    const names = folders.map(({ path }) => path.at(-1));
    for (const unsynced of ["Drafts", "Outbox", "Sync Issues", "Conflicts"]) {
      assert.ok(!names.includes(unsynced), `${product}: ${unsynced}`);
    }
    assert.ok(!operationsIn(requests).includes("GetFolder"), product);
  }
});

Deno.test("Exchange 2010 is synced from the probe to the content, in its own schema", async () => {
  const { source, mailbox, requests, run, folder } = simulatedSource({ product: "Exchange2010" });
  const inbox = folder("inbox");
  const ids = [1, 2].map((number) => mailbox.deliver(inbox.folder.id, numberedEmail(number)).id);
  const lists = {
    allow: { addresses: ["a@example.com"], domains: [] },
  };
  const at = { ...inbox, mailbox: { ...ALICE, participants: lists } };
  await run(source.probe(ALICE, NO_ABORT));

  const changes = await run(
    source.changes(at, { ...NO_ABORT, token: undefined, limit: 512 }),
  );
  assert.deepEqual(new Set(changes.changes.map(({ itemId }) => itemId)), new Set(ids));
  const since = new Date(0);
  for (const order of ["received", "modified"] as const) {
    const page = await run(
      source.list(at, {
        ...NO_ABORT,
        order,
        position: undefined,
        since,
        until: undefined,
        limit: 9,
      }),
    );
    assert.deepEqual(page.itemIds, ids);
  }
  const described = await run(source.describe(at, ids, NO_ABORT));
  const items = described.map((outcome) => {
    assert.ok("item" in outcome);
    return outcome.item;
  });
  assert.deepEqual(items[0]?.participants?.addresses, ["a@example.com", "b@example.com"]);
  const fetched = await run(source.fetch(at, items, NO_ABORT));
  assert.ok(fetched.every((outcome) => "mime" in outcome));
  assert.deepEqual(
    new Set(requests.slice(3).map((text) => /Version="(\w+)"/.exec(text)?.[1])),
    new Set(["Exchange2010_SP2"]),
  );
});
