import assert from "node:assert/strict";
import { customerOf } from "../e2e/customer.ts";
import { serveInstance } from "../e2e/served_instance.ts";
import { corpusEmails } from "../exchange/corpus.ts";
import { freshEmail, spreadCorpus } from "../exchange/corpus_delivery.ts";
import { seededEntropy } from "../exchange/seeded_entropy.ts";
import { startSimulatedExchange } from "../exchange/simulated_exchange.ts";
import { browserCase } from "./browser_case.ts";

const HOSTILE = `<img src=x onerror="document.title='owned'"> \u202Etxt`;

browserCase(
  "the page of the compiled binary shows what a sync did, and new mail as it comes",
  async (chromium) => {
    await using exchange = await startSimulatedExchange();
    const mailbox = exchange.addMailbox("support@corp.example");
    const inbox = mailbox.distinguishedFolder("inbox").id;
    mailbox.createFolder([HOSTILE]);
    spreadCorpus([mailbox], 100);
    const missing = "nobody@corp.example";
    const bucket = { owner: "owner", name: "bucket" };
    await using customer = await customerOf(exchange, {
      poll_frequency: 1,
      mailboxes: { "support@corp.example": { bucket }, [missing]: { bucket } },
    });
    await using instance = await serveInstance(customer);
    const page = await chromium.newPage();
    await page.look({ width: 1440 });
    await page.goto(instance.url);
    await page.reads("Suspended: 1 mailbox");
    const { totals } = await instance.until(({ totals }) => totals.by_state.up_to_date === 1);
    await page.reads(`${totals.delivered} emails in the last hour`);
    const text = await page.text();
    assert.match(text, /ErrorNonExistentMailbox/);
    assert.match(text, /What to do: /);
    assert.match(text, /nobody@corp\.example/);
    assert.ok(text.includes(exchange.endpoint.origin));

    const email = freshEmail(corpusEmails()[0]!, new Date(), seededEntropy(3));
    mailbox.deliver(inbox, email);
    await page.reads(`${totals.delivered + 1} emails in the last hour`);

    await page.goto(new URL("#mailbox=1", instance.url));
    await page.reads("onerror=");
    assert.ok((await page.text()).includes("\\u202etxt"));
    assert.equal(await page.evaluate("document.querySelectorAll('main img').length"), 0);

    instance.run.kill("SIGKILL");
    await page.reads("Connection lost.");
    const complaints = page.complaints.filter((text) => !text.includes("ERR_CONNECTION_REFUSED"));
    assert.deepEqual(complaints, []);
  },
);
