import assert from "node:assert/strict";
import type { Damage } from "../../../tests/exchange/damage.ts";
import { NESTED_EMAIL, numberedEmail } from "../../../tests/exchange/ews/example_service.ts";
import { parseXml, type XmlElement } from "../../../tests/exchange/ews/xml_tree.ts";
import type { ItemDescription } from "../../core/email.ts";
import { SyncError } from "../../core/errors.ts";
import { LIMITS } from "../../core/limits.ts";
import type { Mailbox } from "../../core/mailbox.ts";
import type { ListPage } from "../../core/ports.ts";
import type { BackfillPosition } from "../../core/sync_state.ts";
import { NO_ABORT } from "../../source/testing/test_env.ts";
import { everyRequest } from "./every_request.ts";
import { ALICE, simulatedSource, type SimulatedSourceOptions } from "./simulated_source.ts";

/** Attributes whose value makes no other request of one. */
const ANY_VALUE: ReadonlySet<string> = new Set(["MaxEntriesReturned", "Offset", "Value"]);

/** A request without what differs from one folder, item or time to the next. */
function shapeOf({ name, attributes, children }: XmlElement): string {
  const shown = [...attributes]
    .map(([key, value]) => {
      const isOpaque = ANY_VALUE.has(key) || (key === "Id" && name !== "DistinguishedFolderId");
      return `${key}=${isOpaque ? "*" : value}`;
    });
  const shapes = children.map(shapeOf);
  const parts = shapes.filter((shape, index) => shape !== shapes[index - 1]);
  return `${[name, ...shown].join(" ")}(${parts.join(", ")})`;
}

const LISTS: Mailbox = { ...ALICE, participants: { allow: { addresses: [], domains: ["x"] } } };
const TIMES = [undefined, new Date("2020-01-01T00:00:00Z")] as const;

/** Everything a source can be asked for, so that everything is sent that can be. */
async function requestsOf(options: SimulatedSourceOptions): Promise<readonly string[]> {
  const { mailbox, source, requests, run, folder } = simulatedSource(options);
  const at = folder("inbox");
  const delivered = [
    ...[1, 2, 3].map((number) => mailbox.deliver(at.folder.id, numberedEmail(number))),
    mailbox.deliver(at.folder.id, numberedEmail(4), { receivedAt: undefined }),
    mailbox.deliver(at.folder.id, numberedEmail(5), { itemClass: "IPM.Post" }),
    mailbox.deliver(at.folder.id, undefined, { itemClass: "IPM.Contact" }),
  ];
  const ids = delivered.map(({ id }) => id);
  await run(source.probe(ALICE, NO_ABORT));
  await run(source.folders(ALICE, NO_ABORT));
  const { token } = await run(source.changes(at, { ...NO_ABORT, token: undefined, limit: 2 }));
  await run(source.changes(at, { ...NO_ABORT, token, limit: 2 }));
  for (const order of ["received", "modified"] as const) {
    for (const since of TIMES) {
      for (const until of [undefined, new Date("2100-01-01T00:00:00Z")]) {
        const listing = { ...NO_ABORT, order, since, until, limit: 1 };
        let position: BackfillPosition | undefined;
        do {
          const page: ListPage = await run(source.list(at, { ...listing, position }));
          position = page.next;
        } while (position);
      }
    }
  }
  for (const asked of [ALICE, LISTS]) {
    await run(source.describe({ ...at, mailbox: asked }, ids, NO_ABORT));
  }
  await run(source.fetch(at, delivered.slice(0, 5).map(described), NO_ABORT));
  const [large] = await run(
    source.fetch(
      at,
      [{ ...described(delivered[0]!), sizeBytes: LIMITS.heldMimeBytesMax + 1 }],
      NO_ABORT,
    ),
  );
  assert.ok(large && "mime" in large);
  await run(new Response(large.mime.open(NO_ABORT.signal)).bytes());
  const nested = mailbox.deliver(at.folder.id, NESTED_EMAIL);
  const because = new SyncError("item", "ErrorMimeContentConversionFailed", "No");
  const rebuild = async (damage: Damage) => {
    mailbox.damage(nested.id, damage);
    const rebuilt = await run(source.rebuild(at, described(nested), because, NO_ABORT));
    if ("mime" in rebuilt) await run(new Response(rebuilt.mime.open(NO_ABORT.signal)).bytes());
  };
  await rebuild({ code: "ErrorItemCorrupt", parts: ["mime"] });
  await rebuild({ code: "ErrorItemCorrupt", parts: ["properties"] });
  await run(source.countItems(at, new Date(0), NO_ABORT));
  await run(source.unsyncedPlaces(ALICE, NO_ABORT));
  return requests;
}

function described({ id: itemId }: { readonly id: string }): ItemDescription {
  return { itemId, sizeBytes: 100, isMail: true, isDraft: false, metadata: {}, attachments: [] };
}

// Goal: the conformance test is worth as much as its list is complete. Method: the source is asked
// for everything it can do, by both ways of access and before servers of all versions.
for (const product of ["Exchange2010", "Exchange2013", "Exchange2019"] as const) {
  for (const accessType of ["delegate", "impersonation"] as const) {
    Deno.test(`every request sent to ${product} by ${accessType} is among those checked against the schema`, async () => {
      const checked = new Set(everyRequest().map(([, request]) => shapeOf(parseXml(request))));
      const sent = await requestsOf({ product, accessType });
      const unchecked = new Set(
        sent.map((request) => shapeOf(parseXml(request))).filter((shape) => !checked.has(shape)),
      );
      assert.deepEqual([...unchecked], []);
      assert.ok(sent.length > 30);
    });
  }
}
