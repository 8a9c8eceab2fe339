import assert from "node:assert/strict";
import { numberedEmail } from "../../tests/exchange/ews/example_service.ts";
import { NO_ABORT } from "../source/testing/test_env.ts";
import { ALICE, simulatedSource } from "./testing/simulated_source.ts";

for (
  const [before, after] of [
    ["Exchange2010", "Exchange2019"],
    ["Exchange2013", "ExchangeOnline"],
    ["Exchange2019", "Exchange2010"],
  ] as const
) {
  Deno.test(`a sync that began on ${before} goes on with its token once the server is ${after}`, async () => {
    const { source, mailbox, run, folder, upgrade } = simulatedSource({ product: before });
    const inbox = folder("inbox");
    const changesAfter = (token: string | undefined) =>
      run(source.changes(inbox, { ...NO_ABORT, token, limit: 512 }));
    mailbox.deliver(inbox.folder.id, numberedEmail(1));
    await run(source.probe(ALICE, NO_ABORT));
    const { token } = await changesAfter(undefined);
    upgrade(after);
    const { id } = mailbox.deliver(inbox.folder.id, numberedEmail(2));

    const { folders } = await run(source.folders(ALICE, NO_ABORT));
    assert.ok(folders.some(({ id }) => id === inbox.folder.id));
    const { changes } = await changesAfter(token);
    assert.deepEqual(changes.map(({ itemId }) => itemId), [id]);
    const [described] = await run(source.describe(inbox, [id], NO_ABORT));
    assert.ok(described && "item" in described);
    const [fetched] = await run(source.fetch(inbox, [described.item], NO_ABORT));
    assert.ok(fetched && "mime" in fetched);
  });
}
