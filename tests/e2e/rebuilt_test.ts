import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { spreadCorpus } from "../exchange/corpus_delivery.ts";
import { bytesOf } from "../exchange/mime_source.ts";
import { startSimulatedExchange } from "../exchange/simulated_exchange.ts";
import { runAppliance } from "./appliance.ts";
import { customerOf, readDelivered, readStates, runCommand } from "./customer.ts";

const ADDRESS = "a@corp.example";
const EMAILS = 60;

Deno.test("an email Exchange cannot convert is rebuilt, and its original takes the place when it works", async () => {
  await using exchange = await startSimulatedExchange();
  const mailbox = exchange.addMailbox(ADDRESS);
  spreadCorpus([mailbox], EMAILS);
  const item = mailbox.itemsOf(mailbox.distinguishedFolder("inbox").id)
    .find(({ internetMessageId }) => internetMessageId !== undefined)!;
  mailbox.damage(item.id, { code: "ErrorMimeContentConversionFailed" });
  await using customer = await customerOf(exchange);
  const find = async () => {
    const delivered = await readDelivered(customer.prefix);
    assert.equal(delivered.length, EMAILS);
    return delivered.find(({ json }) => json.id === item.internetMessageId)!;
  };

  const first = await runAppliance([...customer.run, "--once"]);
  assert.equal(first.code, 0, first.stderr);
  assert.ok(first.log.some(({ level, rebuilt }) => level === "info" && rebuilt === 1));
  const rebuilt = await find();
  assert.equal(rebuilt.json.rebuilt, true);
  const text = await Deno.readTextFile(rebuilt.path.replace(/\.json$/, ".eml"));
  assert.match(text, /\r\nX-Reinfer-Ews-Rebuilt: 1\r\n/);
  assert.match((await runCommand(customer, "status")).stdout, /MimeContentConversionFailed/);
  assert.equal((await runCommand(customer, "verify")).code, 0, "nothing of it is missing");

  mailbox.mend(item.id);
  const second = await runAppliance([...customer.run, "--once", "--retry-skipped"]);
  assert.equal(second.code, 0, second.stderr);
  const original = await find();
  assert.equal(original.json.rebuilt, undefined);
  const sha256 = createHash("sha256").update(bytesOf(item.mime!)).digest("hex");
  assert.equal(original.sha256, sha256);
  assert.deepEqual((await readStates(customer.prefix)).flatMap(({ skipped }) => skipped), []);
});
