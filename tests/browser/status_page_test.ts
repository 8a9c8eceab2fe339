import assert from "node:assert/strict";
import { browserCase } from "./browser_case.ts";
import type { BrowserPage } from "./browser_page.ts";
import { startFedInstance } from "./fed_instance.ts";

/** Names as senders and administrators make them, and as attackers do. */
const HOSTILE_NAMES = [
  "<script>document.title = 'owned'</script>",
  `"><img src=x onerror="document.title='owned'">`,
  "javascript:alert(1)",
  "Invoice \u202Efdp.exe",
  "Line\nbreak\tand\u0000nul",
  "&lt;b&gt;&amp;amp;",
  "تقارير 2026",
  "x".repeat(3_000),
  "${7*7}{{7*7}}",
  "\u200B",
];

async function opened(page: BrowserPage, url: string | URL, shows: string): Promise<void> {
  await page.look({ width: 1440 });
  await page.goto(url);
  await page.reads(shows);
}

const dom = (page: BrowserPage) =>
  page.evaluate<number>("document.getElementsByTagName('*').length");

browserCase("hostile folder names are text and nothing else", async (chromium) => {
  await using instance = await startFedInstance({ mailboxes: 2, names: HOSTILE_NAMES });
  const page = await chromium.newPage();
  await opened(page, new URL("#mailbox=1", instance.url), "Folders 10");
  const text = await page.text();
  assert.ok(text.includes("<script>document.title = 'owned'</script>"));
  assert.ok(text.includes("Invoice \\u202efdp.exe"), "what turns the direction is shown");
  assert.ok(text.includes("Line\\u000abreak\\u0009and\\u0000nul"));
  assert.ok(text.includes("&lt;b&gt;&amp;amp;"));
  assert.ok(text.includes("تقارير 2026"));
  assert.ok(text.includes("\\u200b"), "what is invisible is shown");
  assert.ok(!text.includes("x".repeat(501)), "a long name is cut");
  const made = await page.evaluate<number>(
    "document.querySelectorAll('main :is(script, img)').length",
  );
  assert.equal(made, 0);
  assert.doesNotMatch(await page.evaluate<string>("document.title"), /owned/);
  for (const width of [320, 1440]) {
    await page.look({ width });
    const overflow = await page.evaluate<number>(
      "document.documentElement.scrollWidth - document.documentElement.clientWidth",
    );
    assert.equal(overflow, 0, `at ${width}`);
  }
  assert.deepEqual(page.complaints, []);
});

browserCase("nothing but the instance is asked, and nothing inline runs", async (chromium) => {
  await using instance = await startFedInstance({ mailboxes: 3 });
  const page = await chromium.newPage();
  await opened(page, instance.url, "Nothing needs attention");
  const origins = new Set(page.requests.map((url) => new URL(url).origin));
  assert.deepEqual([...origins], [instance.url.origin]);
  assert.deepEqual(page.complaints, [], "the policy was not broken");
  const attempts = [
    "document.body.innerHTML = '<b>'",
    "document.body.setAttribute('onclick', 'document.title = 1')",
    "document.createElement('script').textContent = 'document.title = 1'",
  ];
  for (const attempt of attempts) {
    const outcome = await page.evaluate<string>(
      `(() => { try { ${attempt}; return "done" } catch ({ name }) { return name } })()`,
    );
    assert.equal(outcome, "TypeError", attempt);
  }
});

browserCase(
  "1,000 mailboxes are searched, sorted, filtered and paged through",
  async (chromium) => {
    await using instance = await startFedInstance({
      mailboxes: 1_000,
      folders: 20,
      troubled: true,
    });
    const page = await chromium.newPage();
    await opened(page, instance.url, "1–50 of 1,000");
    assert.ok(await dom(page) < 2_000, `${await dom(page)} elements`);
    const first = "document.querySelector('tbody tr a').innerText";
    assert.equal(await page.evaluate(first), "claims@contoso.com", "the worst come first");

    await page.goto(new URL("#sort=mailbox&order=desc", instance.url));
    await page.until(`${first} === "support@contoso.com"`);
    await page.goto(new URL("#sort=mailbox&offset=950", instance.url));
    await page.reads("951–1,000 of 1,000");
    await page.goto(new URL("#show=problems", instance.url));
    await page.reads("1–50 of 143");
    await page.goto(new URL("#search=mailbox-0999", instance.url));
    await page.reads("1–1 of 1");
    assert.equal(await page.evaluate(first), "mailbox-0999@contoso.com");
    await page.goto(new URL("#search=ErrorNonExistentMailbox", instance.url));
    await page.reads("1–7 of 7");

    await page.goto(new URL("#mailbox=4", instance.url));
    await page.reads("Folders 20");
    assert.ok(await dom(page) < 2_000);
    const bytes = await page.evaluate<number>(
      "fetch('/status.json').then((answer) => answer.text()).then(({ length }) => length)",
    );
    assert.ok(bytes < 64 * 1024, `${bytes} bytes`);
  },
);

browserCase("the page lives: what happens is seen without a reload", async (chromium) => {
  await using instance = await startFedInstance({ mailboxes: 3 });
  const page = await chromium.newPage();
  await opened(page, instance.url, "Nothing needs attention");
  await page.evaluate("globalThis.sameDocument = true");
  const { SyncError } = await import("../../src/core/errors.ts");
  const error = new SyncError("mailbox", "ErrorAccessDenied", "Access is denied", {
    hint: "Give access",
  });
  instance.board.phaseChanged(instance.board.records[1]!.mailbox, {
    name: "suspended",
    error,
    delayMs: 60_000,
  });
  await page.reads("What to do: Give access");
  await page.until("document.getElementById('announcement').textContent.startsWith('1 problem')");
  assert.equal(await page.evaluate("document.title"), "(1) reinfer-ews");
  assert.equal(await page.evaluate("globalThis.sameDocument"), true);
});

browserCase(
  "a lost connection is said with the age of the data, and so is its return",
  async (chromium) => {
    const instance = await startFedInstance({ mailboxes: 3 });
    const page = await chromium.newPage();
    await opened(page, instance.url, "Nothing needs attention");
    await instance[Symbol.asyncDispose]();
    await page.reads("Connection lost. This is the data of ");
    assert.match(await page.text(), /data of \d\d:\d\d:\d\d \(\d+ s ago\)/);
    assert.match(await page.text(), /support@contoso\.com/, "what was known stays");
    assert.equal(await page.evaluate("document.title"), "Connection lost – reinfer-ews");

    await using _again = await startFedInstance({
      mailboxes: 4,
      port: Number(instance.url.port),
    });
    await page.reads("of 4 mailboxes");
    assert.doesNotMatch(await page.text(), /Connection lost/);
  },
);

browserCase("a page by another name sees no addresses (DNS rebinding)", async (chromium) => {
  await using instance = await startFedInstance({ mailboxes: 3, troubled: true });
  const page = await chromium.newPage();
  const rebound = new URL(instance.url);
  rebound.hostname = "evil.example";
  await opened(page, rebound, "Mailbox 3");
  const seen = await page.evaluate<string>(
    "Promise.all(['/status.json?limit=250&folders=1', '/metrics', '/readyz'].map((path) => " +
      "fetch(path).then((answer) => answer.text()))).then((texts) => texts.join())",
  );
  for (const text of [seen, await page.text()]) {
    assert.doesNotMatch(text, /contoso|Inbox|item-|data\/mail|Access is denied/);
  }
  assert.match(seen, /ErrorAccessDenied/, "codes are told");
}, { hostRules: "MAP evil.example 127.0.0.1" });

browserCase("a page of another origin can read nothing", async (chromium) => {
  await using instance = await startFedInstance({ mailboxes: 3 });
  await using other = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => undefined },
    () => new Response("<p>Elsewhere", { headers: { "content-type": "text/html" } }),
  );
  const page = await chromium.newPage();
  await opened(page, `http://127.0.0.1:${other.addr.port}/`, "Elsewhere");
  const outcomes = await page.evaluate<readonly string[]>(`Promise.all(
    ["status.json", "metrics", "readyz", "livez", "script.js"].map((path) =>
      fetch("${instance.url.href}" + path).then(() => "read", () => "refused"))
  )`);
  assert.deepEqual(new Set(outcomes), new Set(["refused"]));
});
