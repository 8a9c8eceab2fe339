import assert from "node:assert/strict";
import { LIMITS } from "../../src/core/limits.ts";
import { systemClock } from "../../src/runtime/system.ts";
import { spawnAppliance } from "../e2e/appliance.ts";
import { PlatformWitness } from "../e2e/platform_campaign.ts";
import {
  assertComplete,
  exchangeWithMail,
  expectedRecords,
  platformCustomer,
  stored,
} from "../e2e/platform_customer.ts";
import { corpusEmails } from "../exchange/corpus.ts";
import { freshEmail } from "../exchange/corpus_delivery.ts";
import { seededEntropy } from "../exchange/seeded_entropy.ts";

const LIFE_MS = 20_000;
/** The default pace, seconds per email of a mailbox. */
const PACE_S = 0.1;
const EMAILS = 3_000;
const CROWDED_EMAILS = 600;
const CROWDED_FROM_MS = Date.UTC(2002, 5, 1);

/**
 * Goal: with nothing but the times that the platform keeps, a process that never lives longer than
 * 20 s copies years of mail. Method: the usual pace and a server that takes its time; one folder has
 * more mail within one hour than a life can bring, so that the overlap alone would never end.
 */
Deno.test("killed every 20 s without state on disk, a long backfill comes to its end", async () => {
  await using exchange = await exchangeWithMail(EMAILS);
  const mailbox = exchange.store.mailbox("a@corp.example")!;
  const crowded = mailbox.createFolder(["Crowded"]);
  const entropy = seededEntropy(8);
  const withinAnHour = corpusEmails().slice(0, CROWDED_EMAILS).map((email, index) => {
    const receivedAt = new Date(CROWDED_FROM_MS + index * 5_000);
    const mime = freshEmail(email, receivedAt, entropy);
    return mailbox.deliver(crowded.id, mime, { receivedAt }).internetMessageId;
  });
  exchange.latencyMs = 100;
  await using set = await platformCustomer(exchange, { poll_message_sleep: PACE_S });
  const witness = new PlatformWitness(set, exchange);
  const expected = expectedRecords(exchange);
  const forever = { signal: new AbortController().signal };
  let lives = 0;
  while (stored(set).length < expected.size || !isUpToDate()) {
    assert.ok(++lives < 60, `${stored(set).length} of ${expected.size} emails in ${lives} lives`);
    await using running = spawnAppliance(set.args("run"), set.env);
    await systemClock.sleep(LIFE_MS, forever);
    running.kill("SIGKILL");
    await running.ended;
    witness.look();
  }
  assert.ok(lives > 5, `${lives} lives: a backfill that is not long proves nothing`);
  assertComplete(stored(set), expected);
  // An hour that is too full for a life goes out again with each. Of the rest, each life of a mailbox
  // throws back no more than the page it is at.
  const again = stored(set).filter(({ id }) => !withinAnHour.includes(id))
    .reduce((sum, { stores }) => sum + stores - 1, 0);
  const page = LIMITS.listPageMs / 1_000 / PACE_S;
  const mailboxes = exchange.store.mailboxes().length;
  assert.ok(again <= lives * mailboxes * page, `${again} emails sent again in ${lives} lives`);

  function isUpToDate(): boolean {
    return set.platform.statesOf(set.bucketId).every(({ status }) => status === "UP_TO_DATE");
  }
});
