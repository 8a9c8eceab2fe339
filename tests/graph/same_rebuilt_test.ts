import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { SyncError } from "../../src/core/errors.ts";
import type { MailSource } from "../../src/core/ports.ts";
import { withoutLeakChecks } from "../azure/without_leak_checks.ts";
import type { DamagedPart } from "../exchange/damage.ts";
import { mimeOf } from "../exchange/mime_source.ts";
import { type BothSources, startBothSources } from "./both_sources.ts";
import { graphId } from "./graph_ids.ts";

const CALL = { signal: new AbortController().signal };
const CODE = "ErrorMimeContentConversionFailed";
const BECAUSE = new SyncError("item", CODE, "No");

const EMAIL = mimeOf(
  "Received: from a.example by b.example\nFrom: Anna <anna@corp.example>\n" +
    "Sender: Office <office@corp.example>\nTo: Ben <ben@corp.example>, Nobody\n" +
    "Cc: =?utf-8?q?J=C3=BCrgen?= <j@corp.example>\nReply-To: list@corp.example\n" +
    "Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\nDate: Tue, 05 Mar 2024 06:07:08 +0000\n" +
    "Message-ID: <nested@corp.example>\nIn-Reply-To: <before@corp.example>\n" +
    "References: <first@corp.example> <before@corp.example>\nMIME-Version: 1.0\n" +
    'Content-Type: multipart/mixed; boundary="b"\n\n' +
    "--b\nContent-Type: text/html; charset=utf-8\n\n<p>Hello <img src=cid:logo></p>\n" +
    '--b\nContent-Type: image/png; name="logo.png"\nContent-ID: <logo>\n' +
    "Content-Disposition: inline\nContent-Transfer-Encoding: base64\n\nSGVsbG8=\n" +
    "--b\nContent-Type: message/rfc822\n\nFrom: x@example.com\nSubject: inner\n\nInner\n" +
    '--b\nContent-Type: text/plain; name="empty.txt"\n' +
    'Content-Disposition: attachment; filename="empty.txt"\n\n--b--\n',
);

/** What a source makes of the email in the inbox; boundaries, which follow from ids, are made equal. */
async function rebuiltBy(source: MailSource, both: BothSources, folderId: string, itemId: string) {
  const at = { mailbox: both.mailbox, folder: { id: folderId, path: ["Inbox"] } };
  const [described] = await source.describe(at, [itemId], CALL);
  assert.ok(described && "item" in described);
  const outcome = await source.rebuild(at, described.item, BECAUSE, CALL);
  if ("error" in outcome) return outcome.error.code;
  const bytes = Buffer.concat(await Array.fromAsync(outcome.mime.open(CALL.signal)));
  return bytes.toString("latin1").replace(/=_[0-9a-f]{48}/g, "BOUNDARY");
}

withoutLeakChecks(() => {
  const cases: readonly (readonly DamagedPart[])[] = [["mime"], ["mime", "body"]];
  for (const parts of cases) {
    Deno.test(`Graph rebuilds an email as EWS does where ${parts.join(" and ")} is damaged`, async () => {
      await using both = await startBothSources();
      const inbox = both.store.distinguishedFolder("inbox").id;
      const item = both.store.deliver(inbox, EMAIL);
      both.store.damage(item.id, { code: CODE, parts });
      const overEws = await rebuiltBy(both.ews(), both, inbox, item.id);
      const overGraph = await rebuiltBy(
        both.overGraph(),
        both,
        graphId(inbox),
        graphId(item.immutableId),
      );
      assert.match(overEws, /X-Reinfer-Ews-Rebuilt: 1/);
      assert.equal(overGraph, overEws);
    });
  }
});
