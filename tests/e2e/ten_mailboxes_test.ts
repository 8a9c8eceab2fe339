import assert from "node:assert/strict";
import { spreadCorpus } from "../exchange/corpus_delivery.ts";
import { expectedEmails } from "../exchange/expected_emails.ts";
import { startSimulatedExchange } from "../exchange/simulated_exchange.ts";
import { assertPresentable, runAppliance } from "./appliance.ts";
import { customerOf, readDelivered, readStates } from "./customer.ts";

const ADDRESSES = Array.from({ length: 10 }, (_, n) => `box${n}@corp.example`);
const [MISSING, DENIED, BROKEN, ...GOOD] = ADDRESSES as [string, string, string, ...string[]];
const BUCKET = { bucket: { owner: "owner", name: "bucket" } };

/**
 * Goal: what is wrong with one mailbox is said, with what to do, and keeps no other from its sync.
 * Method: of ten, one does not exist, one may not be opened, and one gives no content of any email.
 */
Deno.test("of ten mailboxes three fail in their own ways, and the other seven complete", async () => {
  await using exchange = await startSimulatedExchange();
  for (const address of [BROKEN, ...GOOD]) spreadCorpus([exchange.addMailbox(address)], 120);
  spreadCorpus([exchange.store.addMailbox(DENIED)], 20);
  const broken = exchange.store.mailbox(BROKEN)!;
  for (const folder of broken.descendantsOf(broken.distinguishedFolder("msgfolderroot").id)) {
    for (const { id } of broken.itemsOf(folder.id)) {
      broken.damage(id, { code: "ErrorItemCorrupt", parts: ["properties"] });
    }
  }
  await using customer = await customerOf(exchange, {
    mailboxes: Object.fromEntries(ADDRESSES.map((address) => [address, BUCKET])),
  });

  const run = await runAppliance([...customer.run, "--once"]);
  assert.equal(run.code, 1, run.stderr);
  assertPresentable(run, [exchange.account.password]);
  const errors = new Map(
    run.log.filter(({ level }) => level === "error").map((line) => [line.mailbox, line]),
  );
  assert.deepEqual([...errors.keys()].sort(), [BROKEN, DENIED, MISSING].sort());
  assert.equal(errors.get(MISSING)!.code, "ErrorNonExistentMailbox");
  assert.equal(errors.get(BROKEN)!.code, "SkipsRunAway");
  for (const line of errors.values()) assert.ok(line.hint, `${line.mailbox} is told what to do`);

  const delivered = await readDelivered(customer.prefix);
  const expected = expectedEmails(exchange.store).filter(({ mailbox }) => GOOD.includes(mailbox));
  assert.equal(expected.length, 7 * 120);
  assert.equal(delivered.length, expected.length);
  assert.deepEqual(new Set(delivered.map(({ json }) => json.mailbox)), new Set(GOOD));

  const settled = await settledItems(customer.prefix, BROKEN);
  assert.deepEqual(settled, [], "nothing was committed for the mailbox whose every item fails");
});

/** What states of a mailbox say was settled: positions, skips, folders done. */
async function settledItems(prefix: string, mailbox: string): Promise<readonly unknown[]> {
  const states = await readStates(prefix);
  return states.filter((state) => state.mailbox === mailbox).flatMap((state) => [
    ...state.skipped,
    ...(state.position ? [state.position] : []),
    ...(state.synced_until ? [state.synced_until] : []),
  ]);
}
