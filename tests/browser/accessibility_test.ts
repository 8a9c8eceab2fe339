import assert from "node:assert/strict";
import axe from "axe-core";
import { browserCase } from "./browser_case.ts";
import type { BrowserPage } from "./browser_page.ts";
import { startFedInstance } from "./fed_instance.ts";

const WIDTHS = [320, 768, 1440] as const;
const SCHEMES = ["light", "dark"] as const;

/** Everything of WCAG 2.2 A and AA that axe can tell, and its best practices. */
async function violations(page: BrowserPage): Promise<readonly string[]> {
  if (!await page.evaluate<boolean>("'axe' in globalThis")) await page.evaluate(axe.source);
  const found = await page.evaluate<
    { id: string; nodes: { html: string; failureSummary: string }[] }[]
  >(
    "axe.run(document).then(({ violations }) => violations)",
  );
  return found.flatMap(({ id, nodes }) =>
    nodes.map(({ html, failureSummary }) => `${id}: ${html}: ${failureSummary}`)
  );
}

const LOOKS = WIDTHS.flatMap((width) => SCHEMES.map((scheme) => ({ width, scheme })));

browserCase(
  "every view is accessible and fits at three widths, dark and light",
  async (chromium) => {
    await using instance = await startFedInstance({ mailboxes: 60, troubled: true });
    await using empty = await startFedInstance({ mailboxes: 0 });
    const page = await chromium.newPage();
    const views = [
      { url: instance.url, shows: "Needs attention" },
      { url: new URL("#mailbox=4", instance.url), shows: "Skipped emails" },
      { url: new URL("#search=nobody", instance.url), shows: "No mailbox matches" },
      { url: empty.url, shows: "There are no mailboxes here" },
    ];
    for (const { url, shows } of views) {
      await page.goto(url);
      await page.reads(shows);
      for (const look of LOOKS) {
        await page.look(look);
        const at = `${url} ${JSON.stringify(look)}`;
        assert.deepEqual(await violations(page), [], at);
        const overflow = await page.evaluate<number>(
          "document.documentElement.scrollWidth - document.documentElement.clientWidth",
        );
        assert.equal(overflow, 0, `${at} scrolls sideways`);
      }
    }
    assert.deepEqual(page.complaints, []);
  },
);

browserCase("a lost connection is accessible, too", async (chromium) => {
  const instance = await startFedInstance({ mailboxes: 3 });
  const page = await chromium.newPage();
  await page.goto(instance.url);
  await page.reads("Nothing needs attention");
  await instance[Symbol.asyncDispose]();
  await page.reads("Connection lost. This is the data of");
  for (const scheme of SCHEMES) {
    await page.look({ width: 320, scheme });
    assert.deepEqual(await violations(page), [], scheme);
  }
});

/** What has the focus, as its text or its label. */
const FOCUSED =
  "(document.activeElement.innerText || document.activeElement.placeholder || '').trim()";

browserCase("everything is reached and done with the keyboard", async (chromium) => {
  await using instance = await startFedInstance({ mailboxes: 120, troubled: true });
  const page = await chromium.newPage();
  await page.look({ width: 1440 });
  await page.goto(instance.url);
  await page.reads("Needs attention");

  const tabTo = async (text: string) => {
    for (let presses = 0; presses < 80; presses++) {
      await page.press("Tab");
      const focused = await page.evaluate<string>(FOCUSED);
      if (focused !== text) continue;
      const outline = await page.evaluate<string>(
        "getComputedStyle(document.activeElement).outlineStyle",
      );
      assert.equal(outline, "solid", `the focus on "${text}" can be seen`);
      return;
    }
    assert.fail(`Tab never comes to "${text}"`);
  };
  await tabTo("Skip to the status");
  await page.press("Enter");
  assert.equal(await page.evaluate("document.activeElement.id"), "content");

  await tabTo("Address, number or code");
  await page.type("claims");
  await page.reads("1–1 of 1");
  assert.equal(await page.evaluate("document.activeElement.id"), "search", "typing goes on");
  await tabTo("claims@contoso.com");
  await page.press("Enter");
  await page.until("document.activeElement.tagName === 'H1'");
  assert.equal(await page.evaluate(FOCUSED), "claims@contoso.com");
  await page.reads("What to do: Give the service account full access");

  await page.press("Tab", { shift: true });
  assert.equal(await page.evaluate(FOCUSED), "All mailboxes");
  await page.press("Enter");
  await page.reads("1–1 of 1");
  assert.equal(await page.evaluate("document.querySelector('#search').value"), "claims");
  await tabTo("Skipped");
  await page.press("Enter");
  await page.until("document.querySelector('th[aria-sort=descending]')?.innerText === 'Skipped'");
});

browserCase("the focus and what was opened stay while the page renews itself", async (chromium) => {
  await using instance = await startFedInstance({ mailboxes: 120, troubled: true });
  const page = await chromium.newPage();
  await page.look({ width: 1440 });
  await page.goto(instance.url);
  await page.reads("Needs attention");
  await page.evaluate("document.querySelector('details').open = true");
  await page.evaluate("document.querySelector('tbody tr:nth-child(5) a').focus()");
  const focused = await page.evaluate<string>(FOCUSED);
  const [record] = instance.board.records;
  // The first mailbox moves to the top of the table, above the one with the focus.
  const trouble = instance.board.records.at(2)!.condition.error!;
  instance.board.phaseChanged(record!.mailbox, { name: "suspended", error: trouble, delayMs: 1e6 });
  await page.until("document.querySelector('tbody').innerText.includes('support@contoso.com')");
  assert.equal(await page.evaluate(FOCUSED), focused);
  assert.equal(await page.evaluate("document.querySelector('details').open"), true);
});
